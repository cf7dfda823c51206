using SkiaSharp;

namespace Gemma4.Engine.Vision;

/// <summary>Rows that are decoded as they are read, so that the whole image is never in memory.</summary>
internal sealed class ScanlineRows : PixelRows
{
    private readonly SKCodec _codec;
    private readonly ImageFormat _format;
    private readonly string? _param;

    private ScanlineRows(SKCodec codec, Orientation orientation, ImageFormat format, string? param) : base(orientation) =>
        (_codec, _format, _param) = (codec, format, param);

    /// <inheritdoc/>
    public override int Width => _codec.Info.Width;

    /// <inheritdoc/>
    public override int Height => _codec.Info.Height;

    /// <summary>Null when the file can only be decoded as a whole: WebP, GIF, or rows from the bottom up.</summary>
    /// <param name="codec">Owned by the result, if there is one.</param>
    /// <param name="orientation">How the image is to be shown.</param>
    /// <param name="pixels">The pixel layout to decode to.</param>
    /// <param name="format">The file's format.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    public static ScanlineRows? TryStart(SKCodec codec, Orientation orientation, SKImageInfo pixels, ImageFormat format, string? param) =>
        codec.StartScanlineDecode(pixels) == SKCodecResult.Success
            && codec.ScanlineOrder == SKCodecScanlineOrder.TopDown
            ? new ScanlineRows(codec, orientation, format, param)
            : null;

    /// <inheritdoc/>
    public override unsafe void Read(Span<byte> band, int stride, int firstRow, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(band.Length, (count - 1) * stride + Width * 4, nameof(band));
        fixed (byte* target = band)
        {
            if (_codec.GetScanlines((nint)target, count, stride) != count)
                throw ImageRejected.Unreadable(_format, "truncated or damaged", _param);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _codec.Dispose();
}
