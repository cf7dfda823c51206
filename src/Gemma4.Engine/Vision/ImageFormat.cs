namespace Gemma4.Engine.Vision;

/// <summary>The image formats that are read.</summary>
internal enum ImageFormat
{
    Png,
    Jpeg,
    Gif,
    Webp,
    Bmp,
}

/// <summary>Tells a format by the first bytes of a file, whatever its name or media type claims.</summary>
internal static class ImageFormatDetector
{
    /// <summary>False when the bytes begin like none of the formats.</summary>
    public static bool TryDetect(ReadOnlySpan<byte> encoded, out ImageFormat format)
    {
        ImageFormat? found = encoded switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
            [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.Webp,
            [(byte)'B', (byte)'M', ..] => ImageFormat.Bmp,
            _ => null,
        };
        format = found.GetValueOrDefault();
        return found is not null;
    }
}
