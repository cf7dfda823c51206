namespace Gemma4.Server.Media;

/// <summary>What media a model takes.</summary>
/// <param name="Sees">Pictures.</param>
/// <param name="Hears">Sounds.</param>
/// <param name="ImageSoftTokens">Soft tokens of a picture where no one says (<c>processor_config.json</c>).</param>
internal sealed record MediaTraits(bool Sees, bool Hears, int ImageSoftTokens)
{
    /// <summary>None.</summary>
    public static MediaTraits TextOnly { get; } = new(false, false, 280);
}
