using System.Globalization;
using System.Numerics;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Rounding as Python does it: by the exact value, ties to the even neighbour.</summary>
internal static class PythonRound
{
    /// <summary>More digits than whole numbers have to the left of the point that is rounded to.</summary>
    public const int MaxDigits = 10_000;

    private const int MaxPrecision = 400; // beyond a double's last place on either side

    /// <summary><c>round(value, precision)</c> of a float.</summary>
    public static double Float(double value, long precision)
    {
        if (!double.IsFinite(value) || value == 0 || precision > MaxPrecision)
            return value;
        if (precision < -MaxPrecision)
            return Math.CopySign(0, value);
        BigInteger scaled = Scaled(Math.Abs(value), (int)precision);
        return Math.CopySign(double.Parse($"{scaled}e{-precision}", CultureInfo.InvariantCulture), value);
    }

    /// <summary><c>round(value, precision)</c> of a whole number, where <paramref name="precision"/> is negative.</summary>
    public static BigInteger Whole(BigInteger value, long precision)
    {
        if (precision < -MaxDigits)
            return BigInteger.Zero;
        BigInteger unit = BigInteger.Pow(10, (int)-precision);
        return Divide(BigInteger.Abs(value), unit) * unit * value.Sign;
    }

    /// <summary>The digits of <c>'%.{precision}f' % value</c>, without sign.</summary>
    public static string Fixed(double value, int precision)
    {
        string digits = Scaled(Math.Abs(value), precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : $"{digits[..^precision]}.{digits[^precision..]}";
    }

    /// <summary>value × 10^precision, rounded.</summary>
    private static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7FF;
        BigInteger mantissa = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        int shift = Math.Max(exponent, 1) - 1075;
        BigInteger numerator = mantissa * BigInteger.Pow(10, Math.Max(precision, 0)) << Math.Max(shift, 0);
        BigInteger denominator = BigInteger.Pow(10, Math.Max(-precision, 0)) << Math.Max(-shift, 0);
        return Divide(numerator, denominator);
    }

    private static BigInteger Divide(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
