using Gemma4.Engine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Gemma4.Verification;

/// <summary>Compares JSON values: numbers by value and exactly, whatever their size; members in any order.</summary>
internal static class JsonEquality
{
    public static bool Equal(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind)
            return false;
        return a.ValueKind switch
        {
            JsonValueKind.Number => Number(a.GetRawText()) == Number(b.GetRawText()),
            JsonValueKind.String => a.GetString() == b.GetString(),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength()
                && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => Equal(pair.First, pair.Second)),
            JsonValueKind.Object => a.EnumerateObject().Count() == b.EnumerateObject().Count()
                && a.EnumerateObject().All(member => b.TryGetProperty(member.Name, out JsonElement other) && Equal(member.Value, other)),
            _ => true,
        };
    }

    /// <summary>A number as digits times a power of ten, without zeros at the end of the digits.</summary>
    private static (BigInteger Digits, int Exponent) Number(string text)
    {
        int e = text.AsSpan().IndexOfAny('e', 'E');
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.');
        if (point >= 0)
        {
            exponent -= mantissa.Length - point - 1;
            mantissa = mantissa.Remove(point, 1);
        }
        BigInteger digits = BigInteger.Parse(mantissa, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        while (!digits.IsZero && digits % 10 == 0)
        {
            digits /= 10;
            exponent++;
        }
        return (digits, digits.IsZero ? 0 : exponent);
    }
}
