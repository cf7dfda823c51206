using Gemma4.Engine.Chat;

namespace Gemma4.Server.Media;

/// <summary>Reads a stream to its end, or to a limit.</summary>
internal static class LimitedReader
{
    private const int FirstBuffer = 64 * 1024;

    /// <summary>Reads everything.</summary>
    /// <param name="stream">Read to its end; stays the caller's.</param>
    /// <param name="statedLength">What its sender says its length is; null when it does not.</param>
    /// <param name="kind">For the message.</param>
    /// <param name="maxBytes">The limit, which holds whatever was stated.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="Engine.Requests.RequestRejectedException">More than <paramref name="maxBytes"/>.</exception>
    public static async Task<byte[]> ReadAllAsync(
        Stream stream, long? statedLength, MediaKind kind, int maxBytes, string? param, CancellationToken cancellationToken)
    {
        if (statedLength > maxBytes)
            throw MediaRejected.TooLarge(kind, maxBytes, param);
        // What was stated is not believed: the buffer grows only as bytes arrive.
        var buffer = new byte[(int)Math.Min(Math.Max(statedLength ?? 0, 1), FirstBuffer)];
        int length = 0;
        while (true)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, maxBytes + 1L));
            int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                return length == buffer.Length ? buffer : buffer[..length];
            length += read;
            if (length > maxBytes)
                throw MediaRejected.TooLarge(kind, maxBytes, param);
        }
    }
}
