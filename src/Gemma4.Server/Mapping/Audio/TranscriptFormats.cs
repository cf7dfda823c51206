using System.Globalization;
using System.Text;
using Gemma4.Server.OpenAI.Audio;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Segments as subtitles.</summary>
internal static class TranscriptFormats
{
    /// <summary>SubRip: numbered cues, times with a comma.</summary>
    public static string Srt(IReadOnlyList<TranscriptionSegment> segments) =>
        Cues(segments, "", (index, cue) => cue.Append(index + 1).Append('\n'), ',');

    /// <summary>WebVTT: a heading, times with a dot.</summary>
    public static string Vtt(IReadOnlyList<TranscriptionSegment> segments) => Cues(segments, "WEBVTT\n\n", (_, _) => { }, '.');

    private static string Cues(
        IReadOnlyList<TranscriptionSegment> segments, string heading, Action<int, StringBuilder> number, char separator)
    {
        var text = new StringBuilder(heading);
        foreach ((int index, TranscriptionSegment segment) in segments.Where(s => s.Text.Length > 0).Index()) // silence has no cue
        {
            number(index, text);
            text.Append(Clock(segment.Start, separator)).Append(" --> ").Append(Clock(segment.End, separator)).Append('\n');
            // An empty line ends a cue, and "-->" begins one: neither may stand in its text.
            text.Append(string.Join('\n', segment.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                .Replace("-->", "->", StringComparison.Ordinal)).Append("\n\n");
        }
        return text.ToString();
    }

    private static string Clock(double seconds, char separator)
    {
        var time = TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
        return string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}{separator}{time.Milliseconds:000}");
    }
}
