using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping;

/// <summary>What a film's frames must be beyond their shape: one clock, that goes forward.</summary>
internal static class FilmRules
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <exception cref="ApiException">Two clocks, or one that does not fit the frames.</exception>
    public static void Check(VideoFrames film, string path)
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
            if (times[i] < 0 || times[i] > Longest.TotalSeconds)
                throw Fault.Of($"Invalid '{at}[{i}]': expected seconds from 0 to {Longest.TotalSeconds:0}.", $"{at}[{i}]", "invalid_value");
            if (i > 0 && times[i] < times[i - 1])
                throw Fault.Of($"Invalid '{at}[{i}]': it is before the frame in front of it.", $"{at}[{i}]", "invalid_value");
        }
    }
}
