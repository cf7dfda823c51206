using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Verification;
using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>Feeds answers written as text to the parser; control tokens in them are control tokens.</summary>
internal static class ParserHarness
{
    public static Tokenizer Tokenizer { get; } = Tokenizer.Load(Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json"));

    /// <summary>A tool with the members of its parameters, as JSON.</summary>
    public static ToolDeclaration Tool(string name, string properties = "{}") =>
        new(name, JsonElement.Parse($$"""{"type":"object","properties":{{properties}}}"""));

    public static ParserOptions With(params ToolDeclaration[] tools) => new() { Tools = [.. tools] };

    public static ParsedAnswer Parse(string answer, ParserOptions? options = null, FinishReason end = FinishReason.Stop)
    {
        var parsed = new ParsedAnswer();
        foreach (IReadOnlyList<GenerationEvent> events in Steps(Tokenizer.Encode(answer), options, end))
            parsed.Add(events);
        return parsed;
    }

    /// <summary>The events of each token, then those of the end.</summary>
    public static IEnumerable<IReadOnlyList<GenerationEvent>> Steps(
        IEnumerable<int> ids, ParserOptions? options = null, FinishReason end = FinishReason.Stop)
    {
        var parser = new OutputParser(Tokenizer, options ?? new ParserOptions());
        foreach (int id in ids)
            yield return parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id });
        yield return parser.Append(new TokenEvent { SequenceIndex = 0, FinishReason = end });
    }

    /// <summary>Tokens of single characters, so that every event comes as early as it can.</summary>
    public static List<int> ByCharacter(string answer)
    {
        List<int> ids = [];
        List<int> text = [];
        foreach (int id in Tokenizer.Encode(answer))
        {
            if (Tokenizer.IsSpecial(id))
            {
                AddText();
                ids.Add(id);
            }
            else
            {
                text.Add(id);
            }
        }
        AddText();
        return ids;

        void AddText()
        {
            foreach (System.Text.Rune rune in Tokenizer.Decode(text.ToArray()).EnumerateRunes())
                ids.AddRange(Tokenizer.EncodeText(rune.ToString()));
            text.Clear();
        }
    }
}
