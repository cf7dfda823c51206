using System.Globalization;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>Classes of characters as Python's <c>str</c> and <c>re</c> have them.</summary>
internal static class PythonText
{
    /// <summary><c>str.isspace</c>, which <c>strip</c>, <c>split</c> and <c>\s</c> use.</summary>
    public static bool IsSpace(char c) => c switch
    {
        ' ' or (>= '\t' and <= '\r') or (>= '\x1c' and <= '\x1f') or '\x85' or '\xa0' => true,
        < '\u1680' => false,
        _ => char.GetUnicodeCategory(c) is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };

    /// <summary>Whether <c>str.splitlines</c> ends a line here.</summary>
    public static bool IsLineEnd(char c) => c is (>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    /// <summary><c>\w</c>.</summary>
    public static bool IsWord(char c) => c == '_' || char.IsLetterOrDigit(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
