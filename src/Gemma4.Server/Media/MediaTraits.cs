namespace Gemma4.Server.Media;

/// <summary>What media a model takes.</summary>
/// <param name="Sees">Pictures and films.</param>
/// <param name="Hears">Sounds.</param>
/// <param name="ImageSoftTokens">Soft tokens of a picture where no one says (<c>processor_config.json</c>).</param>
internal sealed record MediaTraits(bool Sees, bool Hears, int ImageSoftTokens)
{
    /// <summary>Soft tokens of a film's frame where the request does not say (<c>processor_config.json</c>).</summary>
    public int VideoSoftTokens { get; init; } = 70;

    /// <summary>Frames taken from a film where the request does not say (<c>processor_config.json</c>).</summary>
    public int VideoFrames { get; init; } = 32;

    /// <summary>None.</summary>
    public static MediaTraits TextOnly { get; } = new(false, false, 280);
}
