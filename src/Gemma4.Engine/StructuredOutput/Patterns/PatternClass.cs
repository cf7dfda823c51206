using System.Globalization;
using System.Text;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>Character classes and escapes of patterns.</summary>
internal static class PatternClass
{
    public static CodePointSet Digit { get; } = CodePointSet.Of(('0', '9'));

    public static CodePointSet Word { get; } = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'));

    /// <summary>ECMA-262 WhiteSpace and LineTerminator.</summary>
    public static CodePointSet Space { get; } = CodePointSet.Of((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
        (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF));

    public static CodePointSet NotLineEnd { get; } = CodePointSet.Of((10, 10), (13, 13), (0x2028, 0x2029)).Complement();

    private static CodePointSet NotDigit { get; } = Digit.Complement();

    private static CodePointSet NotWord { get; } = Word.Complement();

    private static CodePointSet NotSpace { get; } = Space.Complement();

    /// <summary>Reads a bracketed class; <paramref name="at"/> stands after its <c>[</c>, then after its <c>]</c>.</summary>
    public static CodePointSet Parse(string text, ref int at)
    {
        bool negated = at < text.Length && text[at] == '^';
        if (negated)
            at++;
        List<(int, int)> ranges = [];
        int start = at;
        while (true)
        {
            if (at >= text.Length)
                throw new PatternException($"pattern '{text}': a class is not closed");
            if (text[at] == ']')
                break;
            CodePointSet item = ReadItem(text, ref at);
            bool isRange = IsSingle(item) && at + 1 < text.Length && text[at] == '-' && text[at + 1] != ']';
            if (!isRange)
            {
                ranges.AddRange(item.Ranges);
                continue;
            }
            int dash = at++;
            CodePointSet end = ReadItem(text, ref at);
            if (!IsSingle(end))
            {
                // [a-\d]: the hyphen stands for itself.
                at = dash + 1;
                ranges.AddRange([.. item.Ranges, ('-', '-')]);
                continue;
            }
            if (end.Ranges[0].First < item.Ranges[0].First)
                throw new PatternException($"pattern '{text}': a range is upside down (at {dash})");
            ranges.Add((item.Ranges[0].First, end.Ranges[0].First));
        }
        at++;
        CodePointSet set = CodePointSet.Of(ranges).Intersect(CodePointSet.All);
        return negated ? set.Complement() : set;
    }

    /// <summary>Reads an escape of one character; <paramref name="at"/> stands after its backslash.</summary>
    public static CodePointSet ParseEscape(string text, ref int at)
    {
        char c = text[at++];
        switch (c)
        {
            case 'd': return Digit;
            case 'D': return NotDigit;
            case 'w': return Word;
            case 'W': return NotWord;
            case 's': return Space;
            case 'S': return NotSpace;
            case 'p' or 'P': return ReadProperty(text, ref at, c == 'P');
            case 'n': return CodePointSet.Of('\n');
            case 'r': return CodePointSet.Of('\r');
            case 't': return CodePointSet.Of('\t');
            case 'f': return CodePointSet.Of('\f');
            case 'v': return CodePointSet.Of('\v');
            case 'a': return CodePointSet.Of('\a');
            case '0': return CodePointSet.Of(0);
            case 'x': return CodePointSet.Of(ReadHex(text, ref at, 2));
            case 'u': return CodePointSet.Of(ReadUnicode(text, ref at));
            case 'c' when at < text.Length && char.IsAsciiLetter(text[at]): return CodePointSet.Of(text[at++] & 31);
        }
        if (char.IsAsciiLetterOrDigit(c))
            throw new PatternException($"pattern '{text}': unknown escape \\{c}");
        at--;
        return ReadLiteral(text, ref at);
    }

    private static bool IsSingle(CodePointSet set) => set.Ranges.Count == 1 && set.Ranges[0].First == set.Ranges[0].Last;

    private static CodePointSet ReadItem(string text, ref int at)
    {
        if (text[at] != '\\')
            return ReadLiteral(text, ref at);
        if (++at >= text.Length)
            throw new PatternException($"pattern '{text}': ends in a backslash");
        if (text[at] == 'b')
        {
            at++;
            return CodePointSet.Of('\b');
        }
        return ParseEscape(text, ref at);
    }

    private static CodePointSet ReadLiteral(string text, ref int at)
    {
        if (!Rune.TryGetRuneAt(text, at, out Rune rune))
            throw new PatternException($"pattern '{text}': half a surrogate pair (at {at})");
        at += rune.Utf16SequenceLength;
        return CodePointSet.Of(rune.Value);
    }

    private static int ReadHex(string text, ref int at, int digits)
    {
        if (at + digits > text.Length
            || !int.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
            throw new PatternException($"pattern '{text}': {digits} hexadecimal digits are missing (at {at})");
        at += digits;
        return value;
    }

    private static int ReadUnicode(string text, ref int at)
    {
        if (at < text.Length && text[at] == '{')
        {
            int close = text.IndexOf('}', at);
            int digits = close - at - 1;
            if (digits is < 1 or > 6)
                throw new PatternException($"pattern '{text}': malformed \\u{{…}} (at {at})");
            at++;
            int value = ReadHex(text, ref at, digits);
            at++;
            return value;
        }
        int high = ReadHex(text, ref at, 4);
        if (!char.IsHighSurrogate((char)high) || at + 1 >= text.Length || text[at] != '\\' || text[at + 1] != 'u')
            return high;
        int back = at;
        at += 2;
        int low = ReadHex(text, ref at, 4);
        if (char.IsLowSurrogate((char)low))
            return char.ConvertToUtf32((char)high, (char)low);
        at = back;
        return high;
    }

    private static CodePointSet ReadProperty(string text, ref int at, bool negated)
    {
        int close = at < text.Length && text[at] == '{' ? text.IndexOf('}', at) : -1;
        if (close < 0)
            throw new PatternException($"pattern '{text}': malformed \\p{{…}} (at {at})");
        string name = text[(at + 1)..close];
        CodePointSet set = UnicodeProperty.Find(name) ?? throw new PatternException($"pattern '{text}': unknown property \\p{{{name}}}");
        at = close + 1;
        return negated ? set.Complement() : set;
    }
}
