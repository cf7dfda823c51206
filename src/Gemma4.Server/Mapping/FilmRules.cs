using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping;

/// <summary>What a film must be beyond its shape: there, and if it is frames, with one clock that goes forward.</summary>
internal static class FilmRules
{
    /// <summary>The types of parts that are films.</summary>
    public static readonly string[] Types = ["video_url", "video"];

    /// <summary>Checks a part of one of <see cref="Types"/>.</summary>
    /// <exception cref="ApiException">No film; two clocks, or one that does not fit the frames.</exception>
    public static void Check(IFilmPart part, string path)
    {
        string at = $"{path}.{part.Type}";
        if (part.Type == "video")
            CheckClock(part.Video ?? throw Fault.Missing(at), at);
        else if (part.VideoUrl is null)
            throw Fault.Missing(at);
    }

    private static void CheckClock(VideoFrames film, string path)
    {
        if (film.Timestamps is not { } times)
            return;
        string at = $"{path}.timestamps";
        if (film.Fps is not null)
            throw Fault.Of($"'{path}.fps' and '{at}' cannot be used together.", at, "invalid_parameter_combination");
        if (times.Length != film.Frames.Length)
            throw Fault.Of($"Invalid '{at}': {times.Length} timestamps for {film.Frames.Length} frames.", at, "invalid_value");
        for (int i = 0; i < times.Length; i++)
        {
            if (times[i] < 0 || times[i] > FrameSampling.LongestFilm.TotalSeconds)
                throw Fault.Of($"Invalid '{at}[{i}]': expected seconds from 0 to {FrameSampling.LongestFilm.TotalSeconds:0}.", $"{at}[{i}]", "invalid_value");
            if (i > 0 && times[i] < times[i - 1])
                throw Fault.Of($"Invalid '{at}[{i}]': it is before the frame in front of it.", $"{at}[{i}]", "invalid_value");
        }
    }
}
