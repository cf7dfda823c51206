using System.Collections.Immutable;

namespace Gemma4.Engine.Vision;

/// <summary>Which frames of a film the model sees, and when they are shown. Arithmetic only.</summary>
public static class FrameSampling
{
    /// <summary>Most frames of a film: Gemma 4 was trained on films of up to a minute at one frame a second.</summary>
    public const int MaxFrames = 60;

    /// <summary>The longest film whose frames are given a time.</summary>
    public static readonly TimeSpan LongestFilm = TimeSpan.FromDays(1);

    /// <summary>The rate of a film that does not tell its own.</summary>
    public const double DefaultFramesPerSecond = 24;

    /// <summary>The frames taken: all of a film that has no more than asked for, else evenly spread ones, beginning with the first.</summary>
    /// <param name="available">Frames of the film, at least 0.</param>
    /// <param name="wanted">Most frames to take, at least 1.</param>
    /// <returns>Ascending indices, each below <paramref name="available"/>.</returns>
    /// <remarks>
    /// The indices of transformers' video processor, in exact arithmetic. That processor refuses films shorter than asked for.
    /// </remarks>
    public static ImmutableArray<int> Indices(int available, int wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(available);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted);
        int taken = Math.Min(available, wanted);
        var indices = ImmutableArray.CreateBuilder<int>(taken);
        for (int i = 0; i < taken; i++)
            indices.Add((int)((long)i * available / taken));
        return indices.MoveToImmutable();
    }

    /// <summary>When a frame is shown: its index over the rate, as the reference stamps it, whatever the film's own clock says.</summary>
    /// <param name="index">Of the film's frames, not of those taken.</param>
    /// <param name="framesPerSecond">More than 0.</param>
    /// <remarks>In double precision and cut to ticks, as the reference cuts it to seconds: a second that has all but begun has not begun.</remarks>
    public static TimeSpan TimeOf(int index, double framesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(framesPerSecond);
        return TimeSpan.FromSeconds(index / framesPerSecond);
    }
}
