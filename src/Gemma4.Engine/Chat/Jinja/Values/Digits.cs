using System.Globalization;
using System.Numerics;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>Whole numbers as Python reads them from text.</summary>
internal static class Digits
{
    /// <summary>Python's own bound.</summary>
    public const int MaxDigits = 4300;

    /// <summary>Takes out underscores that stand between two digits; refuses any other underscore.</summary>
    public static bool TryRemoveUnderscores(string text, out string plain)
    {
        plain = text;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '_' && (i == 0 || i == text.Length - 1 || !char.IsAsciiHexDigit(text[i - 1]) || !char.IsAsciiHexDigit(text[i + 1])))
                return false;
        }
        plain = text.Replace("_", "", StringComparison.Ordinal);
        return true;
    }

    /// <summary><c>int(text, base)</c>; base 0 reads the prefix.</summary>
    public static bool TryParse(string text, int numberBase, out BigInteger value)
    {
        value = 0;
        string trimmed = text.Trim();
        bool negative = trimmed.StartsWith('-');
        string digits = negative || trimmed.StartsWith('+') ? trimmed[1..] : trimmed;
        int prefix = digits.Length > 1 && digits[0] == '0'
            ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 }
            : 10;
        if (prefix != 10 && (numberBase == 0 || numberBase == prefix))
        {
            numberBase = prefix;
            digits = digits[2..].StartsWith('_') ? digits[3..] : digits[2..];
        }
        else if (numberBase == 0)
        {
            numberBase = 10;
        }
        if (digits.Length is 0 or > MaxDigits || !TryRemoveUnderscores(digits, out digits))
            return false;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10
                : char.IsDigit(c) ? (int)CharUnicodeInfo.GetNumericValue(c) : 99;
            if (digit >= numberBase)
                return false;
            value = (value * numberBase) + digit;
        }
        if (negative)
            value = -value;
        return true;
    }
}
