using System.Collections.Immutable;

namespace Gemma4.Engine.Vision;

/// <summary>Which frames of a video the model sees, and when they are shown. Arithmetic only.</summary>
public static class FrameSampling
{
    /// <summary>Most frames of a video: Gemma 4 was trained on videos of up to a minute at one frame a second.</summary>
    public const int MaxFrames = 60;

    /// <summary>The longest video whose frames are given a time.</summary>
    public static readonly TimeSpan LongestVideo = TimeSpan.FromDays(1);

    /// <summary>The rate of a video that does not tell its own.</summary>
    public const double DefaultFramesPerSecond = 24;

    /// <summary>The frames taken: all of a video that has no more than asked for, else evenly spread ones, beginning with the first.</summary>
    /// <param name="available">Frames of the video, at least 0.</param>
    /// <param name="wanted">Most frames to take, at least 1.</param>
    /// <returns>Ascending indices, each below <paramref name="available"/>.</returns>
    /// <remarks>
    /// The indices of transformers' video processor, in exact arithmetic. That processor refuses videos shorter than asked for.
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

    /// <summary>When a frame is shown: its index over the rate, as the reference stamps it, whatever the video's own clock says.</summary>
    /// <param name="index">Of the video's frames, not of those taken.</param>
    /// <param name="framesPerSecond">More than 0.</param>
    /// <remarks>In double precision and cut to ticks, as the reference cuts it to seconds: a second that has all but begun has not begun.</remarks>
    public static TimeSpan TimeOf(int index, double framesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(framesPerSecond);
        return TimeSpan.FromSeconds(index / framesPerSecond);
    }
}
