using System.Globalization;
using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Numbers in the notations of C's <c>printf</c>, which <c>%</c> and <c>format</c> share.</summary>
internal static class NumberFormat
{
    /// <summary>More places than this are a bomb, not a format.</summary>
    public const int MaxPrecision = 1000;

    /// <summary>The digits of |value| in the notation <paramref name="type"/>: f, e, g, or % (hundredfold, with the sign).</summary>
    public static string Float(double value, int? precision, char type, bool keepsZeros)
    {
        int places = precision ?? 6;
        if (places > MaxPrecision)
            throw Fault.Limit($"a number is to be written with more than {MaxPrecision} places");
        double size = Math.Abs(value);
        string text = char.ToLowerInvariant(type) switch
        {
            _ when double.IsNaN(size) => "nan",
            _ when double.IsInfinity(size) => "inf",
            'f' => PythonRound.Fixed(size, places),
            '%' => PythonRound.Fixed(size * 100, places),
            'e' => Exponential(size, places),
            _ => General(size, Math.Max(places, 1), keepsZeros),
        };
        if (type == '%')
            text += "%";
        return char.IsUpper(type) ? text.ToUpperInvariant() : text;
    }

    /// <summary>The digits of |value| in base 10, 16, 8 or 2.</summary>
    public static string Whole(BigInteger value, char type)
    {
        BigInteger size = BigInteger.Abs(value);
        if (type is not ('x' or 'X' or 'o' or 'b'))
            return size.ToString(CultureInfo.InvariantCulture);
        string text = type switch
        {
            'X' => size.ToString("X", CultureInfo.InvariantCulture),
            'x' => size.ToString("x", CultureInfo.InvariantCulture),
            'o' => Octal(size.ToString("b", CultureInfo.InvariantCulture)),
            _ => size.ToString("b", CultureInfo.InvariantCulture),
        };
        return text.TrimStart('0') is { Length: > 0 } digits ? digits : "0";
    }

    private static string Octal(string binary)
    {
        string padded = binary.PadLeft((binary.Length + 2) / 3 * 3, '0');
        return string.Concat(padded.Chunk(3).Select(bits => (char)('0' + ((bits[0] - '0') * 4) + ((bits[1] - '0') * 2) + bits[2] - '0')));
    }

    private static string Exponential(double size, int places)
    {
        string text = size.ToString($"e{places}", CultureInfo.InvariantCulture);
        int e = text.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(text.AsSpan(e + 1), CultureInfo.InvariantCulture);
        return $"{text[..e]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string General(double size, int digits, bool keepsZeros)
    {
        string exponential = Exponential(size, digits - 1);
        int e = exponential.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(exponential.AsSpan(e + 1), CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < digits)
            return Strip(PythonRound.Fixed(size, digits - 1 - exponent));
        return Strip(exponential[..e]) + exponential[e..];

        string Strip(string text) =>
            keepsZeros || !text.Contains('.', StringComparison.Ordinal) ? text : text.TrimEnd('0').TrimEnd('.');
    }
}
