using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Wire;

/// <summary>A video as images in the order they are shown. Their times come from <see cref="Fps"/> or <see cref="Timestamps"/>, not both.</summary>
internal sealed record VideoFrames
{
    /// <summary>A URL of each frame, as in <c>image_url</c>.</summary>
    [MinLength(1)]
    [MaxLength(FrameSampling.MaxFrames)]
    public required string[] Frames { get; init; }

    /// <summary>Frames a second; 24 where nothing tells the times.</summary>
    [Range(0.001, 1000.0)]
    public double? Fps { get; init; }

    /// <summary>When each frame is shown, in seconds from the beginning; as many as frames, ascending.</summary>
    [MinLength(1)]
    [MaxLength(FrameSampling.MaxFrames)]
    public double[]? Timestamps { get; init; }

    /// <summary>Frames taken, evenly spread, where there are more; the checkpoint's 32 by default.</summary>
    [Range(1, FrameSampling.MaxFrames)]
    public int? NumFrames { get; init; }

    /// <summary>Budget of soft tokens of each frame (70, 140, 280, 560, 1120); the checkpoint's 70 by default.</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
