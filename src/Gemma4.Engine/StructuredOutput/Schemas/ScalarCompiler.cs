using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Numbers;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>What a shape asks of numbers and strings, as expressions.</summary>
internal sealed class ScalarCompiler(GrammarBuilder builder, Notation notation)
{
    /// <summary>Digits in a row: more than any number has, and an endless run ends.</summary>
    private const int MaxDigits = 64;

    /// <summary>Characters of a number that is compared: what a double holds, so that every reader comes to the same verdict.</summary>
    private const int MaxComparedLength = 20;

    /// <summary>The same for numbers that are divided.</summary>
    private const int MaxDividedLength = 16;

    private readonly RxBuilder _rx = builder.Rx;
    private readonly Dictionary<string, (Rx Search, PatternNode Node)> _patterns = [];

    /// <summary>The expression of texts in which the pattern is found.</summary>
    public Rx Pattern(string pattern, SchemaRef origin, string keyword) => Known(pattern, origin, keyword).Search;

    public bool Matches(string pattern, string text, SchemaRef origin, string keyword) =>
        _rx.Matches(Pattern(pattern, origin, keyword), notation.Text.Encode(text));

    /// <summary>The number's text.</summary>
    public Rx Number(Shape shape)
    {
        Rx digit = _rx.Bytes(ByteSet.Range('0', '9'));
        Rx fraction = _rx.Concat(_rx.Literal("."), _rx.Repeat(digit, 1, MaxDigits));
        Rx whole = _rx.Concat(_rx.Optional(_rx.Literal("-")),
            _rx.Or(_rx.Literal("0"), _rx.Concat(_rx.Bytes(ByteSet.Range('1', '9')), _rx.Repeat(digit, 0, MaxDigits))));
        bool isPlain = shape.Bounds.Count == 0 && shape.Divisors.Count == 0 && !shape.Excluded.Exists(v => v.ValueKind == JsonValueKind.Number);
        Rx result = shape.Wholeness switch
        {
            Wholeness.Whole => whole,
            Wholeness.Fractional => _rx.Concat(whole, _rx.And(fraction, _rx.Not(_rx.Concat(_rx.Literal("."), _rx.Repeat(_rx.Literal("0"), 1, MaxDigits))))),
            // Two digits of exponent stay within what every reader of JSON can hold.
            _ when isPlain => _rx.Concat(whole, _rx.Optional(fraction), _rx.Optional(_rx.Concat(
                _rx.Bytes(ByteSet.Of((byte)'e') | ByteSet.Of((byte)'E')), _rx.Optional(_rx.Bytes(ByteSet.Of((byte)'+') | ByteSet.Of((byte)'-'))),
                _rx.Repeat(digit, 1, 2)))),
            _ => _rx.Concat(whole, _rx.Optional(fraction)),
        };
        List<Rx> parts = [result];
        if (!isPlain && !shape.Bounds.Exists(b => b.Value.Length > MaxDividedLength - 2))
            parts.Add(_rx.Repeat(_rx.AnyByte, 0, shape.Divisors.Count > 0 ? MaxDividedLength : MaxComparedLength));
        foreach (NumberBound bound in shape.Bounds)
            parts.Add(Bound(bound.Value, bound.Relation, shape));
        foreach (JsonElement excluded in shape.Excluded.Where(v => v.ValueKind == JsonValueKind.Number))
            parts.Add(Bound(excluded.GetRawText(), Relation.NotEqual, shape));
        foreach ((decimal divisor, bool denied) in shape.Divisors)
        {
            Rx multiple = _rx.Automaton(MultipleAutomaton.Create(divisor) ?? throw shape.Origin.Refuse($"multipleOf {divisor} has too many digits"));
            parts.Add(denied ? _rx.Not(multiple) : multiple);
        }
        return _rx.And([.. parts]);
    }

    /// <summary>The string's content, as written between its delimiters.</summary>
    public Rx String(Shape shape)
    {
        List<Rx> parts = [];
        long shortest = 0, longest = int.MaxValue;
        foreach ((string pattern, bool denied, SchemaRef origin) in shape.Patterns)
            Add(Known(pattern, origin, "pattern"), denied);
        foreach ((string format, bool denied, SchemaRef origin) in shape.Formats)
            Add(Known($"format {format}", origin, "format", () => StringFormats.Pattern(format, origin)), denied);
        string[] excluded = [.. shape.Excluded.Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)];
        if (excluded.Length > 0)
            parts.Add(_rx.Not(_rx.Or([.. excluded.Select(v => _rx.Literal(notation.Text.Encode(v)))])));
        if (parts.Count == 0)
            return _rx.Repeat(notation.Text.AnySpelling, shape.MinLength, shape.MaxLength);
        if (shape.MinLength > shortest || shape.MaxLength < longest)
            parts.Add(_rx.Repeat(notation.Text.AnyCharacter, shape.MinLength, shape.MaxLength));
        else if (parts.TrueForAll(p => p.Kind == RxKind.Not))
            parts.Add(notation.Text.AnyText);
        return _rx.And([.. parts]);

        void Add((Rx Search, PatternNode Node) pattern, bool denied)
        {
            parts.Add(denied ? _rx.Not(pattern.Search) : pattern.Search);
            if (denied || !IsAnchored(pattern.Node))
                return;
            (shortest, longest) = (Math.Max(shortest, pattern.Node.MinLength), Math.Min(longest, pattern.Node.MaxLength));
        }
    }

    /// <summary>The pattern's own length is the string's.</summary>
    private static bool IsAnchored(PatternNode node) =>
        node is PatternNode.Sequence { Parts: [PatternNode.Start, .. var inner, PatternNode.End] } && !inner.Any(p => p.DependsOnPlace);

    private (Rx Search, PatternNode Node) Known(string pattern, SchemaRef origin, string keyword) =>
        Known($"pattern {pattern}", origin, keyword, () => Read(pattern, origin, keyword));

    private PatternNode Read(string pattern, SchemaRef origin, string keyword)
    {
        builder.Limits.CheckPattern($"{origin.Pointer}/{keyword}", pattern);
        return PatternParser.Parse(pattern);
    }

    private (Rx Search, PatternNode Node) Known(string key, SchemaRef origin, string keyword, Func<PatternNode> read)
    {
        if (_patterns.TryGetValue(key, out (Rx, PatternNode) known))
            return known;
        builder.Budget.Place = $"{origin.Pointer}/{keyword}";
        try
        {
            PatternNode node = read();
            return _patterns[key] = (PatternCompiler.Search(node, notation.Text), node);
        }
        catch (PatternException e)
        {
            throw origin.Refuse(e.Message, keyword);
        }
    }

    private Rx Bound(string value, Relation relation, Shape shape)
    {
        DecimalText bound = DecimalText.Parse(value) ?? throw shape.Origin.Refuse($"the number {value} is out of range");
        return _rx.Automaton(new BoundAutomaton(bound, relation));
    }
}
