using System.Globalization;

namespace Gemma4.Server.Hub;

/// <summary>Texts of others and numbers, fit for a message of one line.</summary>
internal static class HubText
{
    private const int MaxLength = 300, MaxListLength = 4000;

    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>A text from the network without what moves a cursor, and not longer than a message may be.</summary>
    public static string Line(string text) => Clean(text, MaxLength);

    /// <summary>The same for a list of names.</summary>
    public static string List(string text) => Clean(text, MaxListLength);

    /// <summary>Bytes for people: 10.2 GB.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; Math.Abs(value) >= 999.95 && unit < Units.Length - 1; unit++)
            value /= 1000;
        return value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>A time for people: 45 s, 3 min 20 s, 2 h 05 min.</summary>
    public static string Time(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s"),
        { TotalDays: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min"),
        _ => "days",
    };

    private static string Clean(string text, int maxLength)
    {
        string cut = text.Length > maxLength ? text[..maxLength] + "…" : text;
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') ? '?' : c));
    }
}
