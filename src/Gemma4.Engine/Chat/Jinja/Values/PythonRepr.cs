using System.Globalization;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>repr</c> of a string: quoted, with what cannot be printed escaped.</summary>
internal static class PythonRepr
{
    public static void Write(Text text, TextBuilder output)
    {
        string chars = text.Chars;
        bool isDouble = chars.Contains('\'', StringComparison.Ordinal) && !chars.Contains('"', StringComparison.Ordinal);
        string quote = isDouble ? "\"" : "'";
        output.AppendData(quote);
        int plain = 0;
        for (int i = 0; i < chars.Length; i += CodePoints.Width(chars, i))
        {
            string? escape = Escape(CodePoints.At(chars, i), isDouble);
            if (escape is null)
                continue;
            output.Append(text, plain, i - plain);
            output.AppendData(escape);
            plain = i + CodePoints.Width(chars, i);
        }
        output.Append(text, plain, chars.Length - plain);
        output.AppendData(quote);
    }

    private static string? Escape(int codePoint, bool isDouble) => codePoint switch
    {
        '\\' => "\\\\",
        '\'' when !isDouble => "\\'",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        >= ' ' and < 0x7F => null,
        _ when IsPrintable(codePoint) => null,
        <= 0xFF => $"\\x{codePoint:x2}",
        <= 0xFFFF => $"\\u{codePoint:x4}",
        _ => $"\\U{codePoint:x8}",
    };

    public static bool IsPrintable(int codePoint) => codePoint == ' ' || CharUnicodeInfo.GetUnicodeCategory(codePoint) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
