using Gemma4.Engine.Requests;
using SkiaSharp;

namespace Gemma4.Engine.Vision;

/// <summary>Opens an encoded image: checks everything its header says against the limits, then lets its rows be read.</summary>
internal static class ImageDecoder
{
    /// <summary>Opens an image.</summary>
    /// <param name="encoded">The file's first byte; pinned, and alive as long as the result.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="limits">What is refused.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <returns>The image's rows; the caller disposes them.</returns>
    /// <exception cref="RequestRejectedException">No image of a known format, damaged, or over a limit.</exception>
    public static unsafe PixelRows Open(byte* encoded, int length, ImageLimits limits, string? param)
    {
        var file = new ReadOnlySpan<byte>(encoded, length);
        if (length == 0)
            throw ImageRejected.Empty(param);
        if (length > limits.MaxEncodedBytes)
            throw ImageRejected.FileTooLarge(length, limits.MaxEncodedBytes, param);
        if (!ImageFormatDetector.TryDetect(file, out ImageFormat format))
            throw ImageRejected.UnknownFormat(param);
        if (format == ImageFormat.Jpeg && JpegScans.Count(file) > limits.MaxJpegScans)
            throw ImageRejected.Unreadable(format, $"made of more than {limits.MaxJpegScans} scans", param);

        using SKData data = Data(encoded, length, format);
        SKCodec codec = SKCodec.Create(data)
            ?? throw ImageRejected.Unreadable(format, "truncated or damaged", param);
        bool handedOver = false;
        try
        {
            CheckSize(codec.Info.Width, codec.Info.Height, limits, param);
            // No colour space: values are taken as stored, as the reference takes them. Unpremultiplied: colour under transparency is kept.
            var pixels = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
            var orientation = Orientation.FromExif(
                codec.EncodedOrigin != SKEncodedOrigin.TopLeft ? (int)codec.EncodedOrigin : ExifOrientation.Read(file, format));
            if (ScanlineRows.TryStart(codec, orientation, pixels, format, param) is not { } rows)
                return new BufferedRows(codec, orientation, pixels, format, param);
            handedOver = true;
            return rows;
        }
        finally
        {
            if (!handedOver)
                codec.Dispose();
        }
    }

    /// <summary>The file where it is, or a copy with a flag less.</summary>
    private static unsafe SKData Data(byte* encoded, int length, ImageFormat format)
    {
        int flag = format == ImageFormat.Gif ? GifTransparency.FlagOffset(new ReadOnlySpan<byte>(encoded, length)) : -1;
        if (flag < 0)
            return SKData.Create((nint)encoded, length);
        SKData copy = SKData.CreateCopy((nint)encoded, (ulong)length);
        ((byte*)copy.Data)[flag] &= unchecked((byte)~GifTransparency.Flag);
        return copy;
    }

    private static void CheckSize(int width, int height, ImageLimits limits, string? param)
    {
        if (Math.Max(width, height) > limits.MaxSide)
            throw ImageRejected.TooLarge(width, height, $"no side may be longer than {limits.MaxSide}", param);
        if ((long)width * height > limits.MaxPixels)
            throw ImageRejected.TooLarge(width, height, $"at most {limits.MaxPixels} pixels are accepted", param);
        if (Math.Max(width, height) > (long)Math.Min(width, height) * limits.MaxAspectRatio)
            throw ImageRejected.TooNarrow(width, height, limits.MaxAspectRatio, param);
    }
}
