using System.Runtime.InteropServices;
using SkiaSharp;

namespace Gemma4.Engine.Vision;

/// <summary>Rows of an image that had to be decoded as a whole.</summary>
internal sealed unsafe class BufferedRows : PixelRows
{
    private byte* _pixels;

    /// <summary>Decodes the first frame of <paramref name="codec"/>, which stays the caller's.</summary>
    /// <exception cref="Requests.RequestRejectedException">The file ends too early or is damaged.</exception>
    public BufferedRows(SKCodec codec, Orientation orientation, SKImageInfo pixels, ImageFormat format, string? param) : base(orientation)
    {
        (Width, Height) = (pixels.Width, pixels.Height);
        // Zeroed pages come from the system untouched, so that clearing costs nothing; a first frame may cover less than the canvas.
        _pixels = (byte*)NativeMemory.AllocZeroed((nuint)Width * (nuint)Height, 4);
        SKCodecResult result = codec.GetPixels(pixels, (nint)_pixels);
        if (result != SKCodecResult.Success)
        {
            Dispose();
            throw ImageRejected.Unreadable(format, result == SKCodecResult.IncompleteInput ? "truncated" : $"damaged ({result})", param);
        }
    }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <inheritdoc/>
    public override int Height { get; }

    /// <inheritdoc/>
    public override void Read(Span<byte> band, int stride, int firstRow, int count)
    {
        ObjectDisposedException.ThrowIf(_pixels is null, this);
        int bytes = Width * 4;
        for (int y = 0; y < count; y++)
            new ReadOnlySpan<byte>(_pixels + (nint)(firstRow + y) * bytes, bytes).CopyTo(band[(y * stride)..]);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        NativeMemory.Free(_pixels);
        _pixels = null;
    }
}
