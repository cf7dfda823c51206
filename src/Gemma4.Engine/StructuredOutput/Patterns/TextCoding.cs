using System.Text;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>How the characters of a string are written: as JSON escapes them, or as they are.</summary>
internal sealed class TextCoding
{
    private readonly RxBuilder _rx;
    private readonly bool _json;
    private readonly Dictionary<CodePointSet, Rx> _known = [];

    /// <param name="rx">Makes the expressions.</param>
    /// <param name="json">True to write quotation mark, backslash and control characters as the shortest JSON escape.</param>
    public TextCoding(RxBuilder rx, bool json)
    {
        _rx = rx;
        _json = json;
        AnyCharacter = Encode(CodePointSet.All);
        AnySpelling = json ? rx.Or(AnyCharacter, rx.Literal("\\/"), UnicodeEscape()) : AnyCharacter;
        AnyText = rx.Repeat(AnyCharacter, 0, Automata.Rx.Unbounded);
    }

    public RxBuilder Rx => _rx;

    /// <summary>One character in the one spelling that patterns know.</summary>
    public Rx AnyCharacter { get; }

    /// <summary>One character in any spelling.</summary>
    public Rx AnySpelling { get; }

    /// <summary>Any text in the one spelling: the universe for complements.</summary>
    public Rx AnyText { get; }

    /// <summary>One character of the set.</summary>
    public Rx Encode(CodePointSet set)
    {
        if (_known.TryGetValue(set, out Rx? known))
            return known;
        Rx result;
        if (!_json)
        {
            result = Utf8Ranges.Encode(_rx, set);
        }
        else
        {
            List<Rx> parts = [Utf8Ranges.Encode(_rx, set.Intersect(Unescaped))];
            foreach ((int first, int last) in set.Intersect(Escaped).Ranges)
            {
                for (int c = first; c <= last; c++)
                    parts.Add(_rx.Literal(Escape(c)));
            }
            result = _rx.Or([.. parts]);
        }
        _known.Add(set, result);
        return result;
    }

    /// <summary>A text, spelled.</summary>
    public byte[] Encode(string text)
    {
        if (!_json)
            return Encoding.UTF8.GetBytes(text);
        StringBuilder spelled = new(text.Length);
        foreach (char c in text)
            _ = c is '"' or '\\' or < ' ' ? spelled.Append(Escape(c)) : spelled.Append(c);
        return Encoding.UTF8.GetBytes(spelled.ToString());
    }

    private static CodePointSet Escaped { get; } = CodePointSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\'));

    private static CodePointSet Unescaped { get; } = Escaped.Complement();

    private static string Escape(int c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => $"\\u{c:x4}",
    };

    /// <summary>\uXXXX of anything but a lone surrogate.</summary>
    private Rx UnicodeEscape()
    {
        Rx hex = Set("0123456789abcdefABCDEF"), lead = _rx.Literal("\\u"), d = Set("dD");
        Rx notD = Set("0123456789abcefABCEF"), low7 = Set("01234567");
        Rx single = _rx.Or(_rx.Concat(notD, hex, hex, hex), _rx.Concat(d, low7, hex, hex));
        Rx high = _rx.Concat(d, Set("89abAB"), hex, hex), low = _rx.Concat(d, Set("cdefCDEF"), hex, hex);
        return _rx.Concat(lead, _rx.Or(single, _rx.Concat(high, lead, low)));
    }

    private Rx Set(string members)
    {
        ByteSet set = default;
        foreach (char c in members)
            set |= ByteSet.Of((byte)c);
        return _rx.Bytes(set);
    }
}
