namespace Gemma4.Engine.Vision;

/// <summary>A decoded image, read once from top to bottom as rows of red, green, blue and an unused fourth byte.</summary>
/// <remarks>
/// Rows are as the file stores them; <see cref="Orientation"/> says how they are to be shown. Transparency is dropped, not blended: the
/// reference converts with Pillow's <c>convert("RGB")</c>, which keeps the colour under a transparent pixel.
/// </remarks>
internal abstract class PixelRows(Orientation orientation) : IDisposable
{
    /// <summary>Pixels of a stored row.</summary>
    public abstract int Width { get; }

    /// <summary>Number of stored rows.</summary>
    public abstract int Height { get; }

    /// <summary>How the image is to be shown.</summary>
    public Orientation Orientation => orientation;

    /// <summary>Reads the next rows.</summary>
    /// <param name="band">Room for <paramref name="count"/> rows.</param>
    /// <param name="stride">Bytes from one row to the next; at least <c>4 * Width</c>.</param>
    /// <param name="firstRow">The number of rows read before.</param>
    /// <param name="count">How many rows to read; not more than are left.</param>
    /// <exception cref="Requests.RequestRejectedException">The file ends too early or is damaged.</exception>
    public abstract void Read(Span<byte> band, int stride, int firstRow, int count);

    /// <inheritdoc/>
    public abstract void Dispose();
}
