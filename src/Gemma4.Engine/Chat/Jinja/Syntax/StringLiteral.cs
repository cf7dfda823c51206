using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>What stands between the quotes of a string, with Python's escapes.</summary>
internal static class StringLiteral
{
    /// <summary>Decodes the escapes; false for one that is cut off or names no character.</summary>
    public static bool TryDecode(string inner, out string value)
    {
        value = inner;
        if (!inner.Contains('\\', StringComparison.Ordinal))
            return true;
        var decoded = new StringBuilder(inner.Length);
        for (int i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\')
            {
                decoded.Append(inner[i]);
                continue;
            }
            if (++i == inner.Length)
                return false;
            char kind = inner[i];
            int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0)
            {
                if (i + digits >= inner.Length
                    || !int.TryParse(inner.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                    || code is < 0 or > 0x10FFFF)
                    return false;
                AppendCodePoint(decoded, code);
                i += digits;
            }
            else if (kind is >= '0' and <= '7')
            {
                int end = i;
                int code = 0;
                for (; end < inner.Length && end < i + 3 && inner[end] is >= '0' and <= '7'; end++)
                    code = (code * 8) + inner[end] - '0';
                AppendCodePoint(decoded, code);
                i = end - 1;
            }
            else if (kind != '\n')
            {
                decoded.Append(Simple(kind));
            }
        }
        value = decoded.ToString();
        return true;
    }

    private static void AppendCodePoint(StringBuilder decoded, int code)
    {
        if (code is >= 0xD800 and < 0xE000)
            decoded.Append((char)code);
        else
            decoded.Append(char.ConvertFromUtf32(code));
    }

    // An escape that is none keeps its backslash.
    private static string Simple(char kind) => kind switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        '\\' or '\'' or '"' => kind.ToString(),
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        _ => "\\" + kind,
    };
}
