using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>What holds for any answer, however senseless.</summary>
public sealed partial class OutputParserPropertyTests
{
    private static readonly string[] Controls =
    [
        "<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>", "<|\"|>", "<|\"|>",
        "<|turn>", "<turn|>",
    ];

    private static readonly string[] Texts =
    [
        "call:f{", "call:f{s:", ":f{", "call:", "f", "{", "}", "}", "[", "]", "(", ")", ",", ",", ":", "=", "\"", "'", "\\", "\n", " ",
        "thought\n", "s:", "n:", "5", "true", "null", "WORD", "WORD", "WORD", "WORD: ", "\ncall:f{",
    ];

    private static readonly ParserOptions Options = With(Tool("f", """
        {"s":{"type":"string"},"n":{"type":"integer"},"l":{"type":"array","items":{"type":"string"}},"o":{"type":"object","properties":{"s":{"type":"string"}}}}
        """)) with { Thinking = true };

    [Fact]
    public void Every_word_of_any_answer_comes_out_once_and_cuts_change_nothing()
    {
        var random = new Random(4);
        for (int round = 0; round < 3000; round++)
        {
            List<(string Text, bool IsControl)> answer = Soup(random);
            string shown = string.Concat(answer.Select(p => p.Text));
            ParserOptions options = Options with { StreamToolArguments = round % 2 == 1 };
            ParsedAnswer parsed = ParseTokens(Encode(answer, byCharacter: false), options, out var irregularities);
            ParsedAnswer byCharacter = ParseTokens(Encode(answer, byCharacter: true), options, out _);
            Assert.Equal(Summary(parsed), Summary(byCharacter));
            // A prefix before a declared name is the one text that a repair may leave out.
            if (!irregularities.ContainsKey(OutputIrregularity.NamePrefix))
                AssertNothingIsLost(answer, parsed, shown);
            foreach (ParsedAnswer.Call call in parsed.Calls.Where(c => c.IsComplete))
                Assert.Equal(JsonValueKind.Object, JsonElement.Parse(call.Arguments).ValueKind);
            foreach (ParsedAnswer.Call call in parsed.Calls.Where(c => !c.IsComplete))
                AssertIsJsonPrefix(call.Arguments, shown);
        }
    }

    [Fact]
    public void Arguments_written_in_the_notation_are_read_back_whatever_they_hold()
    {
        var random = new Random(5);
        for (int round = 0; round < 1000; round++)
        {
            List<(string Text, bool IsControl)> answer = [("<|tool_call>", true), ("call:g", false)];
            string json = WriteObject(random, answer, depth: 0);
            answer.Add(("<tool_call|>", true));
            ParserOptions options = With(Tool("g")) with { StreamToolArguments = true };
            ParsedAnswer parsed = ParseTokens(Encode(answer, byCharacter: false), options, out var irregularities);
            Assert.Equal(json, Assert.Single(parsed.Calls).Arguments);
            Assert.Empty(irregularities);
            Assert.Equal("", parsed.Content);
        }
    }

    private static List<(string Text, bool IsControl)> Soup(Random random)
    {
        List<(string, bool)> answer = [];
        int numWords = 0;
        for (int length = random.Next(1, 30); length > 0; length--)
        {
            bool isControl = random.Next(3) == 0;
            string[] pool = isControl ? Controls : Texts;
            answer.Add((pool[random.Next(pool.Length)].Replace("WORD", $"w{numWords++}x"), isControl));
        }
        return answer;
    }

    private static void AssertNothingIsLost(List<(string Text, bool IsControl)> answer, ParsedAnswer parsed, string shown)
    {
        string all = string.Join('\u0001', [parsed.Reasoning, parsed.Content, .. parsed.Calls.Select(c => c.Name + '\u0001' + c.Arguments)]);
        foreach (Match word in Word().Matches(string.Join(' ', answer.Where(p => !p.IsControl).Select(p => p.Text))))
            Assert.True(all.Contains(word.Value), $"{word.Value} is lost from {shown}: {Summary(parsed)}");
    }

    private static void AssertIsJsonPrefix(string json, string shown)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), isFinalBlock: false, default);
            while (reader.Read())
            {
            }
        }
        catch (JsonException fault)
        {
            Assert.Fail($"{json} is no beginning of a JSON text ({fault.Message}); from {shown}");
        }
    }

    private static ParsedAnswer ParseTokens(List<int> ids, ParserOptions options, out IReadOnlyDictionary<OutputIrregularity, int> irregularities)
    {
        var parser = new OutputParser(Tokenizer, options);
        var parsed = new ParsedAnswer();
        foreach (int id in ids)
            parsed.Add(parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id }));
        parsed.Add(parser.Append(new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Stop }));
        irregularities = parser.Irregularities;
        return parsed;
    }

    private static List<int> Encode(List<(string Text, bool IsControl)> answer, bool byCharacter)
    {
        List<int> ids = [];
        foreach ((string text, bool isControl) in answer)
        {
            if (isControl)
                ids.AddRange(Tokenizer.Encode(text));
            else if (byCharacter)
                ids.AddRange(text.EnumerateRunes().SelectMany(r => Tokenizer.EncodeText(r.ToString())));
            else
                ids.AddRange(Tokenizer.EncodeText(text));
        }
        return ids;
    }

    private static string Summary(ParsedAnswer parsed) => JsonSerializer.Serialize(new
    {
        parsed.Reasoning,
        parsed.Content,
        Calls = parsed.Calls.Select(c => new { c.Name, c.Arguments, c.IsComplete }),
        parsed.Finish,
    });

    /// <summary>Writes a random object in Gemma's notation.</summary>
    /// <returns>The same object as JSON, as the parser writes it.</returns>
    private static string WriteObject(Random random, List<(string Text, bool IsControl)> answer, int depth)
    {
        answer.Add(("{", false));
        StringBuilder json = new("{");
        int count = random.Next(4);
        for (int i = 0; i < count; i++)
        {
            string separator = i == 0 ? "" : ",";
            string key = $"key {i}-x";
            answer.Add(($"{separator}{key}:", false));
            json.Append($"{separator}\"{key}\":").Append(WriteValue(random, answer, depth + 1));
        }
        answer.Add(("}", false));
        return json.Append('}').ToString();
    }

    private static string WriteValue(Random random, List<(string Text, bool IsControl)> answer, int depth)
    {
        switch (random.Next(depth > 3 ? 3 : 5))
        {
            case 0:
                string literal = ((string[])["true", "false", "null", "0", "-1.50", "1e-7", "123456789012345678901234567890"])[random.Next(7)];
                answer.Add((literal, false));
                return literal;
            case 1 or 2:
                string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ =>
                    ((string[])["a", "}", "]", "\"", "\\", "\n", "\u0001", "é", "😀", " ", ",", ":", "<|\"|>", "<tool_call|>", "'", "{", "\t"])[random.Next(17)]));
                answer.AddRange([("<|\"|>", true), (text, false), ("<|\"|>", true)]);
                StringBuilder json = new();
                JsonText.AppendEscaped(json, text);
                return $"\"{json}\"";
            case 3:
                answer.Add(("[", false));
                List<string> items = [];
                for (int i = random.Next(4); i > 0; i--)
                {
                    items.Add(WriteValue(random, answer, depth + 1));
                    answer.Add((i == 1 ? "" : ",", false));
                }
                answer.Add(("]", false));
                return $"[{string.Join(',', items)}]";
            default:
                return WriteObject(random, answer, depth);
        }
    }

    [GeneratedRegex("w[0-9]+x")]
    private static partial Regex Word();
}
