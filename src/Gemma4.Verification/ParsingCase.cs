using Gemma4.Engine;
using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary>An answer of a model and what it must become: one line of a case file.</summary>
internal sealed class ParsingCase
{
    private static readonly string[] ControlTokens =
    [
        "<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>", "<|turn>", "<turn|>",
        "<eos>",
    ];

    private readonly JsonElement _case;

    public ParsingCase(JsonElement element)
    {
        _case = element;
        Name = element.GetProperty("name").GetString()!;
        Pieces = CutAtControlTokens(element.GetProperty("output").GetString()!, PlainSpans());
        Expected = [element.GetProperty("expect"), .. Optional("also_accept")?.EnumerateArray() ?? []];
    }

    public string Name { get; }

    /// <summary>The answer: texts and, between them, control tokens.</summary>
    public ImmutableArray<(string Text, bool IsControl)> Pieces { get; }

    /// <summary>What the answer must become; any of these will do.</summary>
    public ImmutableArray<JsonElement> Expected { get; }

    /// <summary>Length of the text between control tokens.</summary>
    public int TextLength => Pieces.Where(p => !p.IsControl).Sum(p => p.Text.Length);

    public ParserOptions Options(Tokenizer tokenizer) => new()
    {
        PromptTokenIds = [.. tokenizer.Encode(Optional("prompt_tail")?.GetString() ?? "")],
        Thinking = _case.GetProperty("thinking").GetBoolean(),
        Tools =
        [
            .. Optional("tools")?.EnumerateArray().Select(t => t.GetProperty("function")).Select(f => new ToolDeclaration(
                f.GetProperty("name").GetString()!,
                f.TryGetProperty("parameters", out JsonElement parameters) ? parameters : default)) ?? [],
        ],
    };

    /// <summary>The answer as token ids, its text cut into tokens anew wherever <paramref name="isCut"/> says so.</summary>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="isCut">For a place in the text between control tokens, counted in UTF-16 units over the whole answer.</param>
    /// <exception cref="InvalidDataException">The tokenizer lacks a control token.</exception>
    public List<int> Encode(Tokenizer tokenizer, Func<int, bool> isCut)
    {
        List<int> ids = [];
        int position = 0;
        foreach ((string text, bool isControl) in Pieces)
        {
            if (isControl)
            {
                ids.Add(tokenizer.TryGetId(text, out int id) ? id : throw new InvalidDataException($"the tokenizer has no {text}"));
                continue;
            }
            int start = 0;
            for (int i = 1; i <= text.Length; i++)
            {
                bool splitsCharacter = i < text.Length && char.IsLowSurrogate(text[i]);
                if (i < text.Length && (splitsCharacter || !isCut(position + i)))
                    continue;
                ids.AddRange(tokenizer.EncodeText(text[start..i]));
                start = i;
            }
            position += text.Length;
        }
        return ids;
    }

    /// <summary>Null when the answer became what it must, else the difference.</summary>
    public string? Difference(ParsedAnswer answer)
    {
        string?[] differences = [.. Expected.Select(e => Difference(answer, e))];
        return differences.Contains(null) ? null : differences[0];
    }

    private static string? Difference(ParsedAnswer answer, JsonElement expected)
    {
        string reasoning = expected.GetProperty("reasoning").GetString() ?? "";
        string content = expected.GetProperty("content").GetString() ?? "";
        if (answer.Reasoning.TrimEnd() != reasoning.TrimEnd())
            return $"reasoning is {Quote(answer.Reasoning)}, expected {Quote(reasoning)}";
        bool isSameContent = answer.Content == content || (string.IsNullOrWhiteSpace(answer.Content) && string.IsNullOrWhiteSpace(content));
        if (!isSameContent)
            return $"content is {Quote(answer.Content)}, expected {Quote(content)}";
        JsonElement[] calls = [.. expected.GetProperty("tool_calls").EnumerateArray()];
        if (answer.Calls.Count != calls.Length)
            return $"{answer.Calls.Count} calls, expected {calls.Length}";
        for (int i = 0; i < calls.Length; i++)
        {
            string name = calls[i].GetProperty("name").GetString()!;
            JsonElement arguments = calls[i].GetProperty("arguments");
            if (answer.Calls[i].Name != name)
                return $"call {i} is of {answer.Calls[i].Name}, expected {name}";
            if (!JsonEquality.Equal(JsonElement.Parse(answer.Calls[i].Arguments), arguments))
                return $"arguments of call {i} are {answer.Calls[i].Arguments}, expected {arguments.GetRawText()}";
        }
        string finish = expected.GetProperty("finish").GetString()!;
        return answer.Finish == finish ? null : $"finish is {answer.Finish}, expected {finish}";
    }

    private JsonElement? Optional(string name) =>
        _case.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Spans in which a control token's spelling is ordinary text, from code points to UTF-16 units.</summary>
    private List<(int Start, int End)> PlainSpans()
    {
        string output = _case.GetProperty("output").GetString()!;
        int[] units = [0, .. output.EnumerateRunes().Select(r => r.Utf16SequenceLength)];
        for (int i = 1; i < units.Length; i++)
            units[i] += units[i - 1];
        return [.. Optional("plain_spans")?.EnumerateArray().Select(s => (units[s[0].GetInt32()], units[s[1].GetInt32()])) ?? []];
    }

    private static ImmutableArray<(string, bool)> CutAtControlTokens(string text, List<(int Start, int End)> plainSpans)
    {
        var pieces = ImmutableArray.CreateBuilder<(string, bool)>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            string? token = plainSpans.Any(s => s.Start <= i && i < s.End)
                ? null
                : ControlTokens.FirstOrDefault(t => string.CompareOrdinal(text, i, t, 0, t.Length) == 0);
            if (token is null)
                continue;
            if (i > start)
                pieces.Add((text[start..i], false));
            pieces.Add((token, true));
            start = i + token.Length;
            i = start - 1;
        }
        if (start < text.Length)
            pieces.Add((text[start..], false));
        return pieces.ToImmutable();
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text);
}
