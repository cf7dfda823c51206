using System.Runtime.CompilerServices;

namespace Gemma4.Server.BatchFiles;

/// <summary>The lines of a file with the places where they begin.</summary>
internal static class LineReader
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Reads a file from its beginning. A line's end (LF or CR LF) is not part of it; one that is longer than may be is cut behind the limit.</summary>
    public static async IAsyncEnumerable<(long Offset, byte[] Line)> ReadAsync(Stream file, int maxBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        file.Position = 0;
        byte[] buffer = new byte[BufferBytes];
        using var line = new MemoryStream();
        long offset = 0, position = 0;
        int read;
        while ((read = await file.ReadAsync(buffer, cancellationToken)) > 0)
        {
            int start = 0;
            while (start < read)
            {
                int end = Array.IndexOf(buffer, (byte)'\n', start, read - start);
                int length = (end < 0 ? read : end) - start;
                if (line.Length <= maxBytes)
                    line.Write(buffer, start, length);
                start += length;
                if (end < 0)
                    continue;
                yield return (offset, Ended(line));
                line.SetLength(0);
                start++;
                offset = position + start;
            }
            position += read;
        }
        if (line.Length > 0)
            yield return (offset, Ended(line));
    }

    private static byte[] Ended(MemoryStream line)
    {
        byte[] bytes = line.ToArray();
        return bytes is [.. var rest, (byte)'\r'] ? rest : bytes;
    }
}
