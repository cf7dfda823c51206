using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>C's <c>strftime</c>, in English.</summary>
internal static class Strftime
{
    private const int LongestField = 32;

    public static string Format(DateTimeOffset time, string format, RenderBudget budget)
    {
        budget.Write((long)format.Length * (LongestField / 2)); // a field takes two characters to ask for
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            // glibc's "-" writes a number without padding.
            bool isBare = format[i + 1] == '-' && i + 2 < format.Length;
            i += isBare ? 2 : 1;
            string field = Field(time, format[i]) ?? "%" + (isBare ? "-" : "") + format[i];
            text.Append(isBare && field.Length > 1 ? field.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0" : field);
        }
        return text.ToString();
    }

    private static string? Field(DateTimeOffset time, char code) => code switch
    {
        'Y' => Net(time, "yyyy"),
        'y' => Net(time, "yy"),
        'C' => (time.Year / 100).ToString("00", CultureInfo.InvariantCulture),
        'm' => Net(time, "MM"),
        'd' => Net(time, "dd"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'B' => Net(time, "MMMM"),
        'b' or 'h' => Net(time, "MMM"),
        'A' => Net(time, "dddd"),
        'a' => Net(time, "ddd"),
        'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'H' => Net(time, "HH"),
        'I' => Net(time, "hh"),
        'M' => Net(time, "mm"),
        'S' => Net(time, "ss"),
        'f' => Net(time, "ffffff"),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'F' => Net(time, "yyyy-MM-dd"),
        'T' or 'X' => Net(time, "HH:mm:ss"),
        'R' => Net(time, "HH:mm"),
        'D' or 'x' => Net(time, "MM/dd/yy"),
        'c' => $"{Net(time, "ddd MMM")} {time.Day,2} {Net(time, "HH:mm:ss yyyy")}",
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(time.DateTime).ToString("0000", CultureInfo.InvariantCulture),
        'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
        'W' => ((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7).ToString("00", CultureInfo.InvariantCulture),
        'z' or 'Z' => "", // datetime.now() carries no zone
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static string Net(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
