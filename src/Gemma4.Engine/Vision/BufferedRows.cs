using System.Runtime.InteropServices;
using SkiaSharp;

namespace Gemma4.Engine.Vision;

/// <summary>Rows of a picture that was decoded as a whole; turns and mirrors it as the EXIF orientation asks.</summary>
internal sealed unsafe class BufferedRows : PixelRows
{
    private uint* _pixels;
    private readonly nint _origin;
    private readonly nint _stepX;
    private readonly nint _stepY;

    /// <summary>Decodes the first frame of <paramref name="codec"/>, which stays the caller's.</summary>
    /// <exception cref="Requests.RequestRejectedException">The file ends too early or is damaged.</exception>
    public BufferedRows(SKCodec codec, SKEncodedOrigin orientation, SKImageInfo pixels, ImageFormat format, string? param)
    {
        int w = pixels.Width, h = pixels.Height;
        // Zeroed pages come from the system untouched, so that clearing costs nothing; a first frame may cover less than the canvas.
        _pixels = (uint*)NativeMemory.AllocZeroed((nuint)w * (nuint)h, 4);
        SKCodecResult result = codec.GetPixels(pixels, (nint)_pixels);
        if (result != SKCodecResult.Success)
        {
            Dispose();
            throw ImageRejected.Unreadable(format, result == SKCodecResult.IncompleteInput ? "truncated" : $"damaged ({result})", param);
        }
        // Where the oriented picture's pixel (0, 0) lies in the stored one, and how far apart its neighbours in x and in y lie there.
        (int ox, int oy, (int X, int Y) right, (int X, int Y) down) = orientation switch
        {
            SKEncodedOrigin.TopRight => (w - 1, 0, (-1, 0), (0, 1)),
            SKEncodedOrigin.BottomRight => (w - 1, h - 1, (-1, 0), (0, -1)),
            SKEncodedOrigin.BottomLeft => (0, h - 1, (1, 0), (0, -1)),
            SKEncodedOrigin.LeftTop => (0, 0, (0, 1), (1, 0)),
            SKEncodedOrigin.RightTop => (0, h - 1, (0, -1), (1, 0)),
            SKEncodedOrigin.RightBottom => (w - 1, h - 1, (0, -1), (-1, 0)),
            SKEncodedOrigin.LeftBottom => (w - 1, 0, (0, 1), (-1, 0)),
            _ => (0, 0, (1, 0), (0, 1)),
        };
        bool turned = right.X == 0;
        Width = turned ? h : w;
        Height = turned ? w : h;
        _origin = (nint)oy * w + ox;
        _stepX = (nint)right.Y * w + right.X;
        _stepY = (nint)down.Y * w + down.X;
    }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <inheritdoc/>
    public override int Height { get; }

    /// <inheritdoc/>
    public override void Read(Span<byte> band, int stride, int firstRow, int count)
    {
        ObjectDisposedException.ThrowIf(_pixels is null, this);
        if (_stepX == 1)
        {
            for (int y = 0; y < count; y++)
                MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(_pixels + _origin + (firstRow + y) * _stepY, Width)).CopyTo(band[(y * stride)..]);
            return;
        }
        // The rows of the band are the inner loop: where the picture is turned they are neighbours in memory.
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(band);
        for (int x = 0; x < Width; x++)
        {
            uint* source = _pixels + _origin + x * _stepX + firstRow * _stepY;
            for (int y = 0; y < count; y++)
                target[y * (stride / 4) + x] = source[y * _stepY];
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        NativeMemory.Free(_pixels);
        _pixels = null;
    }
}
