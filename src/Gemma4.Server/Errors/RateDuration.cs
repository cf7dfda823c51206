using System.Globalization;
using System.Text;

namespace Gemma4.Server.Errors;

/// <summary>Durations as OpenAI's rate limits tell them: <c>20ms</c>, <c>1.5s</c>, <c>6m0s</c>, <c>1h0m2s</c>.</summary>
internal static class RateDuration
{
    /// <summary>Rounded up to milliseconds, so that who waits as long has waited long enough.</summary>
    public static string Text(TimeSpan duration)
    {
        long milliseconds = (long)Math.Ceiling(duration.TotalMilliseconds);
        if (milliseconds is > 0 and < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        (long minutes, long rest) = Math.DivRem(milliseconds, 60_000);
        var text = new StringBuilder();
        if (minutes >= 60)
            text.Append(CultureInfo.InvariantCulture, $"{minutes / 60}h");
        if (minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{minutes % 60}m");
        return text.Append(CultureInfo.InvariantCulture, $"{rest / 1000m:0.###}s").ToString();
    }
}
