using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Parsing;

/// <summary>Writes JSON strings character by character, so that any prefix of the text is a prefix of the JSON.</summary>
internal static class JsonText
{
    /// <summary>Appends one UTF-16 unit of a string's inside. Only what JSON must escape is escaped.</summary>
    /// <remarks>Units of a surrogate pair are written as they come; see <see cref="AppendEscaped(StringBuilder, ReadOnlySpan{char})"/>
    /// for text that may hold half a pair.</remarks>
    public static void AppendEscaped(StringBuilder json, char c)
    {
        switch (c)
        {
            case '"': json.Append("\\\""); break;
            case '\\': json.Append("\\\\"); break;
            case '\n': json.Append("\\n"); break;
            case '\r': json.Append("\\r"); break;
            case '\t': json.Append("\\t"); break;
            case < ' ': AppendUnit(json, c); break;
            default: json.Append(c); break;
        }
    }

    /// <summary>Appends a string's inside. Half a surrogate pair, which UTF-8 cannot carry, stays an escape.</summary>
    public static void AppendEscaped(StringBuilder json, ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                AppendEscaped(json, text[i]);
            else if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                json.Append(text.Slice(i++, 2));
            else
                AppendUnit(json, text[i]);
        }
    }

    private static void AppendUnit(StringBuilder json, char c) =>
        json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
}
