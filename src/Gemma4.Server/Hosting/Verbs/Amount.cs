using System.Globalization;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>Numbers with units on the command line.</summary>
internal static class Amount
{
    /// <summary>Tokens, with k and m for 1024 and its square.</summary>
    /// <exception cref="OptionsException">It is none, or more than allowed.</exception>
    public static long Tokens(string text, string option, long max) => Read(text, option, 1024, mayBeBytes: false, max, "4096 or 32k");

    /// <summary>Bytes, with kB, MB, GB and TB for powers of 1000.</summary>
    /// <exception cref="OptionsException">It is none.</exception>
    public static long Bytes(string text, string option) => Read(text, option, 1000, mayBeBytes: true, long.MaxValue, "24GB");

    /// <summary>A number, with k, M, G and T for powers of 1000.</summary>
    /// <exception cref="OptionsException">It is none.</exception>
    public static long Number(string text, string option) => Read(text, option, 1000, mayBeBytes: false, long.MaxValue, "400T");

    private static long Read(string text, string option, int power, bool mayBeBytes, long max, string example)
    {
        string rest = text.TrimStart([.. "0123456789."]), number = text[..(text.Length - rest.Length)], unit = rest.Trim().ToUpperInvariant();
        int exponent = (mayBeBytes ? unit.TrimEnd('B') : unit) switch { "" => 0, "K" => 1, "M" => 2, "G" => 3, "T" => 4, _ => -1 };
        if (exponent < 0 || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            || value * Math.Pow(power, exponent) is not (>= 1 and var amount) || amount > max)
        {
            throw new OptionsException($"{option} '{HubText.Line(text)}': expected a number with a unit, as in {example}{(max < long.MaxValue ? $", at most {max}" : "")}.");
        }
        return (long)Math.Min(amount, long.MaxValue);
    }
}
