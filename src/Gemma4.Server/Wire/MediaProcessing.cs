namespace Gemma4.Server.Wire;

/// <summary>How images and audio clips of a request are prepared (<c>mm_processor_kwargs</c>), where their parts do not say.</summary>
internal sealed record MediaProcessing
{
    /// <summary>Soft tokens of each image: 70, 140, 280, 560 or 1120.</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }

    /// <summary>Whether audio clips of more than 30 s are cut into windows instead of refused.</summary>
    public bool? AllowWindows { get; init; }
}
