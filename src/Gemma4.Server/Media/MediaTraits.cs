namespace Gemma4.Server.Media;

/// <summary>What media a model takes.</summary>
/// <param name="Sees">Images and videos.</param>
/// <param name="Hears">Audio clips.</param>
/// <param name="ImageSoftTokens">Soft tokens of an image where no one says (<c>processor_config.json</c>).</param>
internal sealed record MediaTraits(bool Sees, bool Hears, int ImageSoftTokens)
{
    /// <summary>Soft tokens of a video's frame where the request does not say (<c>processor_config.json</c>).</summary>
    public int VideoSoftTokens { get; init; } = 70;

    /// <summary>Frames taken from a video where the request does not say (<c>processor_config.json</c>).</summary>
    public int VideoFrames { get; init; } = 32;

    /// <summary>Why the served model's towers were left away, as it goes on after "Unsupported value: "; null where they were not.</summary>
    public string? LeftAway { get; init; }

    /// <summary>None.</summary>
    public static MediaTraits TextOnly { get; } = new(false, false, 280);
}
