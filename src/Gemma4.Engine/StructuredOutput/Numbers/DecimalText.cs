namespace Gemma4.Engine.StructuredOutput.Numbers;

/// <summary>A decimal number as digits, of any size and exact.</summary>
/// <param name="Negative">Below zero.</param>
/// <param name="Whole">Digits before the point, without leading zeros but at least one.</param>
/// <param name="Fraction">Digits after the point, without trailing zeros.</param>
internal sealed record DecimalText(bool Negative, string Whole, string Fraction)
{
    /// <summary>Exponents beyond this are not written out.</summary>
    private const int MaxExponent = 400;

    public bool IsZero => Whole == "0" && Fraction.Length == 0;

    /// <summary>Plain digits, without exponent.</summary>
    public override string ToString() => $"{(Negative ? "-" : "")}{Whole}{(Fraction.Length > 0 ? "." : "")}{Fraction}";

    /// <summary>Reads a JSON number; null when its exponent is out of all proportion.</summary>
    public static DecimalText? Parse(string json)
    {
        bool negative = json[0] == '-';
        string text = negative ? json[1..] : json;
        int exponentAt = text.IndexOfAny(['e', 'E']);
        int exponent = 0;
        if (exponentAt >= 0)
        {
            if (!int.TryParse(text[(exponentAt + 1)..], System.Globalization.NumberStyles.AllowLeadingSign,
                System.Globalization.CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MaxExponent)
                return null;
            text = text[..exponentAt];
        }
        int point = text.IndexOf('.');
        string whole = point < 0 ? text : text[..point], fraction = point < 0 ? "" : text[(point + 1)..];
        if (exponent > 0)
        {
            fraction = fraction.PadRight(exponent, '0');
            (whole, fraction) = (whole + fraction[..exponent], fraction[exponent..]);
        }
        else if (exponent < 0)
        {
            whole = whole.PadLeft(-exponent, '0');
            (whole, fraction) = (whole[..^-exponent], whole[^-exponent..] + fraction);
        }
        whole = whole.TrimStart('0');
        DecimalText result = new(negative, whole.Length == 0 ? "0" : whole, fraction.TrimEnd('0'));
        return result.IsZero ? result with { Negative = false } : result;
    }
}
