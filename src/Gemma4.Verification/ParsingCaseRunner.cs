using Gemma4.Engine;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary>Runs a case whole, character by character and at every split, with arguments passed on when complete and while generated.</summary>
/// <param name="tokenizer">Any tokenizer with Gemma 4's control tokens.</param>
internal sealed class ParsingCaseRunner(Tokenizer tokenizer)
{
    /// <summary>Null when the case holds in every way, else the first difference.</summary>
    public string? Run(ParsingCase parsingCase)
    {
        if (RunCut(parsingCase, _ => false) is { } whole)
            return $"whole: {whole}";
        if (RunCut(parsingCase, _ => true) is { } characters)
            return $"character by character: {characters}";
        for (int split = 1; split < parsingCase.TextLength; split++)
            if (RunCut(parsingCase, position => position == split) is { } difference)
                return $"cut at {split}: {difference}";
        return null;
    }

    /// <summary>Null when the case holds for these tokens, else the difference.</summary>
    public string? RunCut(ParsingCase parsingCase, Func<int, bool> isCut)
    {
        List<int> ids = parsingCase.Encode(tokenizer, isCut);
        try
        {
            ParserOptions options = parsingCase.Options(tokenizer);
            ParsedAnswer answer = Parse(options, ids);
            return parsingCase.Difference(answer) ?? StreamingDifference(answer, Parse(options with { StreamToolArguments = true }, ids));
        }
        catch (InvalidDataException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>Reads an answer that the model ended by itself.</summary>
    public ParsedAnswer Parse(ParserOptions options, IReadOnlyList<int> ids)
    {
        var parser = new OutputParser(tokenizer, options);
        var answer = new ParsedAnswer();
        foreach (int id in ids)
            answer.Add(parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id }));
        answer.Add(parser.Append(new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Stop }));
        return answer;
    }

    /// <summary>Passing arguments on early changes nothing but calls that are never completed.</summary>
    private static string? StreamingDifference(ParsedAnswer answer, ParsedAnswer streamed)
    {
        ParsedAnswer.Call[] complete = [.. streamed.Calls.Where(c => c.IsComplete)];
        bool isSame = streamed.Reasoning == answer.Reasoning
            && complete.Select(c => (c.Name, c.Arguments)).SequenceEqual(answer.Calls.Select(c => (c.Name, c.Arguments)))
            && (streamed.Content == answer.Content || complete.Length < streamed.Calls.Count);
        return isSame ? null : "differs when arguments are passed on while they are generated";
    }
}
