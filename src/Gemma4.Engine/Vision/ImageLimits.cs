namespace Gemma4.Engine.Vision;

/// <summary>What an image may cost before it is refused. Every limit is checked on the header, before anything of that size is allocated.</summary>
public sealed record ImageLimits
{
    /// <summary>Largest encoded file, in bytes.</summary>
    public int MaxEncodedBytes { get; init; } = 20 * 1024 * 1024;

    /// <summary>Most pixels of the decoded image. Decoding holds a few rows of most files; four bytes a pixel of WebP, GIF and BMP,
    /// six of progressive JPEG, and twelve of interlaced PNG with 16 bits and alpha.</summary>
    public long MaxPixels { get; init; } = 64_000_000;

    /// <summary>Longest side in pixels.</summary>
    public int MaxSide { get; init; } = 16_384;

    /// <summary>How many times the longer side may exceed the shorter one: a line of pixels shows a model nothing.</summary>
    public int MaxAspectRatio { get; init; } = 200;

    /// <summary>Most scans of a progressive JPEG, each of which costs a pass over the whole image; encoders write about ten.</summary>
    public int MaxJpegScans { get; init; } = 64;

    /// <summary>The limits in force where nothing else is configured.</summary>
    public static ImageLimits Default { get; } = new();
}
