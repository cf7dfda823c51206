namespace Gemma4.Engine.Audio;

/// <summary>What an audio clip may cost before it is refused. Lengths are enforced while decoding: no more than allowed is ever held.</summary>
public sealed record AudioLimits
{
    /// <summary>Largest encoded file, in bytes.</summary>
    public int MaxEncodedBytes { get; init; } = 25 * 1024 * 1024;

    /// <summary>Longest audio that is cut into windows; without cutting the limit is 30 s.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Highest sample rate.</summary>
    public int MaxSampleRate { get; init; } = 384_000;

    /// <summary>Most channels; they are averaged into one.</summary>
    public int MaxChannels { get; init; } = 8;

    /// <summary>Most samples decoded, all channels counted: half an hour of stereo at 96 kHz. A file of a megabyte may hold hours of silence in
    /// eight channels at the highest rate.</summary>
    public long MaxDecodedSamples { get; init; } = 30 * 60 * 96_000 * 2;

    /// <summary>The limits in force where nothing else is configured.</summary>
    public static AudioLimits Default { get; } = new();
}
