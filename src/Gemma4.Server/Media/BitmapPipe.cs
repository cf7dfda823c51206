using System.Buffers.Binary;

namespace Gemma4.Server.Media;

/// <summary>Reads BMP files that follow each other in a stream: the one format that begins with its own length.</summary>
internal static class BitmapPipe
{
    private const int HeadBytes = 6; // "BM" and the length of the file, little-endian

    /// <summary>Reads the next one.</summary>
    /// <param name="stream">At the beginning of a file or at its end.</param>
    /// <param name="maxBytes">Most bytes of a file; its stated length is not believed beyond.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">No BMP file, or too large a one.</exception>
    /// <exception cref="EndOfStreamException">The stream ends inside a file.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        int read = await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
            return null;
        int length = read == HeadBytes && head.AsSpan().StartsWith("BM"u8) ? BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(2)) : 0;
        if (length <= HeadBytes || length > maxBytes)
            throw new InvalidDataException($"a frame of {length} bytes");
        var file = new byte[length];
        head.CopyTo(file, 0);
        await stream.ReadExactlyAsync(file.AsMemory(HeadBytes), cancellationToken);
        return file;
    }
}
