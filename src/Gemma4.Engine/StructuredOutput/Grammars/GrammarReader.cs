using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>What the readers of both notations share: characters, quoted text, places for errors.</summary>
internal abstract class GrammarReader(string text)
{
    private const int MaxCount = 1000;
    private const int MaxDepth = 200;

    private int _depth;

    protected string Text { get; } = text;

    protected int At { get; set; }

    protected bool AtEnd => At >= Text.Length;

    protected char Current => AtEnd ? '\0' : Text[At];

    /// <summary>Line and column, from 1.</summary>
    protected string Place
    {
        get
        {
            int line = Text.AsSpan(0, Math.Min(At, Text.Length)).Count('\n') + 1;
            int column = At - (At == 0 ? -1 : Text.LastIndexOf('\n', Math.Min(At, Text.Length) - 1));
            return $"line {line}, column {column}";
        }
    }

    protected ConstraintException Error(string reason) => new(Place, reason);

    protected bool TryRead(string expected)
    {
        if (!Text.AsSpan(At).StartsWith(expected, StringComparison.Ordinal))
            return false;
        At += expected.Length;
        return true;
    }

    protected string ReadName()
    {
        int start = At;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '-'))
            At++;
        return At > start ? Text[start..At] : throw Error(AtEnd ? "the grammar ends early" : $"'{Current}' is not expected");
    }

    protected static GrammarNode Sequence(List<GrammarNode> parts) => parts.Count == 1 ? parts[0] : new GrammarNode.Sequence([.. parts]);

    protected static GrammarNode Choice(List<GrammarNode> options) => options.Count == 1 ? options[0] : new GrammarNode.Choice([.. options]);

    /// <summary>Alternatives up to what ends them; <paramref name="part"/> reads one part, null where none begins.</summary>
    protected GrammarNode ReadChoice(Func<GrammarNode?> part, Action skip)
    {
        CheckDepth(++_depth);
        List<GrammarNode> options = [];
        do
        {
            List<GrammarNode> parts = [];
            skip();
            while (part() is { } next)
            {
                parts.Add(next);
                skip();
            }
            options.Add(Sequence(parts));
        }
        while (TryRead("|"));
        _depth--;
        return Choice(options);
    }

    /// <summary>Groups within groups, and repetitions of repetitions.</summary>
    protected void CheckDepth(int depth)
    {
        if (depth > MaxDepth)
            throw Error("nested too deeply");
    }

    /// <summary>{m}, {m,} or {m,n} after its brace.</summary>
    protected (int Min, int Max) ReadCount(char close)
    {
        int end = Text.IndexOf(close, At);
        string[] parts = end < 0 ? [] : Text[At..end].Split(',');
        if (parts.Length is not (1 or 2) || !Number(parts[0], out int min))
            throw Error("a count is malformed");
        int max = min;
        if (parts.Length == 2 && string.IsNullOrWhiteSpace(parts[1]))
            max = int.MaxValue;
        else if (parts.Length == 2 && !Number(parts[1], out max))
            throw Error("a count is malformed");
        if (max < min || min > MaxCount || (max > MaxCount && max != int.MaxValue))
            throw Error("a count is out of range");
        At = end + 1;
        return (min, max);

        static bool Number(string digits, out int value) =>
            int.TryParse(digits, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Text after its opening quotation mark.</summary>
    protected GrammarNode ReadQuoted(Func<bool> ignoresCase)
    {
        List<CodePointSet> characters = [];
        while (Current != '"')
        {
            if (AtEnd || Current == '\n')
                throw Error("a text is not closed");
            if (Current == '\\')
            {
                characters.Add(ReadEscape());
                continue;
            }
            if (!Rune.TryGetRuneAt(Text, At, out Rune rune))
                throw Error("half a surrogate pair");
            At += rune.Utf16SequenceLength;
            characters.Add(CodePointSet.Of(rune.Value));
        }
        At++;
        bool ignore = ignoresCase();
        ImmutableArray<PatternNode> parts = [.. characters.Select(c => new PatternNode.Set(ignore ? BothCases(c) : c))];
        return new GrammarNode.Terminal(new PatternNode.Sequence(parts));
    }

    /// <summary>What a pattern's reader says, at this place.</summary>
    protected T Try<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (PatternException e)
        {
            throw Error(e.Message);
        }
    }

    protected static CodePointSet BothCases(CodePointSet set)
    {
        if (set.Ranges is not [(int first, int last)] || first != last || first > char.MaxValue || char.IsSurrogate((char)first))
            return set;
        return set.Union(CodePointSet.Of(char.ToUpperInvariant((char)first))).Union(CodePointSet.Of(char.ToLowerInvariant((char)first)));
    }

    private CodePointSet ReadEscape() => Try(() =>
    {
        int at = At + 1;
        if (at >= Text.Length)
            throw new PatternException("the grammar ends early");
        CodePointSet set = PatternClass.ParseEscape(Text, ref at);
        At = at;
        return set;
    });
}
