using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>Reads ECMAScript patterns, as JSON Schema has them, and the inline forms of Python that mean the same.</summary>
internal sealed class PatternParser
{
    /// <summary>Beyond this a repetition count is a mistake or an attack.</summary>
    private const int MaxCount = 100_000;

    private const int MaxDepth = 200;

    private readonly string _text;
    private int _at;
    private int _depth;

    private PatternParser(string text) => _text = text;

    private bool AtEnd => _at >= _text.Length;

    /// <exception cref="PatternException">The pattern is malformed or not regular.</exception>
    public static PatternNode Parse(string pattern)
    {
        PatternParser parser = new(pattern);
        PatternNode node = parser.ParseChoice();
        return parser.AtEnd ? node : throw parser.Error("unbalanced ')'");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > MaxDepth)
            throw Error("nested too deeply");
        List<PatternNode> options = [ParseSequence()];
        while (TryRead('|'))
            options.Add(ParseSequence());
        _depth--;
        return options.Count == 1 ? options[0] : new PatternNode.Choice([.. options]);
    }

    private PatternNode ParseSequence()
    {
        List<PatternNode> parts = [];
        while (!AtEnd && _text[_at] is not ('|' or ')'))
            parts.Add(ParseRepeat());
        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence([.. parts]);
    }

    private PatternNode ParseRepeat()
    {
        PatternNode part = ParseAtom();
        for (int depth = _depth; !AtEnd; depth++)
        {
            int start = _at;
            (int Min, int Max)? count = _text[_at] switch
            {
                '*' => (0, int.MaxValue),
                '+' => (1, int.MaxValue),
                '?' => (0, 1),
                '{' => ReadCount(),
                _ => null,
            };
            if (count is null)
            {
                _at = start;
                break;
            }
            if (_text[start] != '{')
                _at++;
            // Lazy or greedy makes no difference to what is matched as a whole.
            TryRead('?');
            if (depth >= MaxDepth)
                throw Error("nested too deeply");
            part = new PatternNode.Repeat(part, count.Value.Min, count.Value.Max);
        }
        return part;
    }

    /// <summary>{m}, {m,} or {m,n}; anything else is not a count and leaves a plain brace.</summary>
    private (int, int)? ReadCount()
    {
        int close = _text.IndexOf('}', _at);
        if (close < 0)
            return null;
        string[] parts = _text[(_at + 1)..close].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int min))
            return null;
        int max = min;
        if (parts.Length == 2 && parts[1].Length == 0)
            max = int.MaxValue;
        else if (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out max))
            return null;
        if (max < min || min > MaxCount || (max > MaxCount && max != int.MaxValue))
            throw Error("a count out of range");
        _at = close + 1;
        return (min, max);
    }

    private PatternNode ParseAtom()
    {
        Rune rune = ReadRune();
        switch (rune.Value)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new PatternNode.Set(PatternClass.Parse(_text, ref _at));
            case '.':
                return new PatternNode.Set(PatternClass.NotLineEnd);
            case '^':
                return new PatternNode.Start();
            case '$':
                return new PatternNode.End();
            case '\\':
                return ParseEscape();
            case '*' or '+' or '?':
                throw Error("nothing to repeat");
            default:
                return new PatternNode.Set(CodePointSet.Of(rune.Value));
        }
    }

    private PatternNode ParseEscape()
    {
        if (AtEnd)
            throw Error("ends in a backslash");
        switch (_text[_at])
        {
            case 'A':
                _at++;
                return new PatternNode.Start();
            case 'Z' or 'z':
                _at++;
                return new PatternNode.End();
            case 'b' or 'B':
                throw Error("word boundaries are not supported");
            case >= '1' and <= '9' or 'k':
                throw Error("back references are not regular");
            default:
                return new PatternNode.Set(PatternClass.ParseEscape(_text, ref _at));
        }
    }

    private PatternNode ParseGroup()
    {
        bool ahead = false, negative = false;
        if (TryRead('?'))
        {
            if (TryRead('=') || TryRead('!'))
            {
                ahead = true;
                negative = _text[_at - 1] == '!';
            }
            else if (TryRead('P') || (!AtEnd && _text[_at] == '<'))
            {
                int name = _text.IndexOf('>', _at);
                if (name < 0 || (_at + 1 < _text.Length && _text[_at + 1] is '=' or '!'))
                    throw Error("looking behind is not supported");
                _at = name + 1;
            }
            else if (!TryRead(':'))
            {
                throw Error("flags in a pattern are not supported");
            }
        }
        PatternNode inner = ParseChoice();
        if (!TryRead(')'))
            throw Error("a group is not closed");
        return ahead ? new PatternNode.Ahead(inner, negative) : inner;
    }

    private Rune ReadRune()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out Rune rune))
            throw Error("half a surrogate pair");
        _at += rune.Utf16SequenceLength;
        return rune;
    }

    private bool TryRead(char expected)
    {
        if (AtEnd || _text[_at] != expected)
            return false;
        _at++;
        return true;
    }

    private PatternException Error(string what) => new($"pattern '{_text}': {what} (at {_at})");
}
