using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Server.Hub;

/// <summary>What the bytes of a file hash to, by the hub's two ways to name them.</summary>
internal static class BlobHash
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Hashes an open file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="isSha256">SHA-256 of its bytes; else git's, SHA-1 of <c>blob LENGTH\0</c> and its bytes (git-scm.com, Git Internals, Git Objects).</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Hexadecimal in lower case.</returns>
    public static async Task<string> OfAsync(SafeFileHandle file, bool isSha256, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(isSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        long length = RandomAccess.GetLength(file);
        if (!isSha256)
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {length}\0")));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long offset = 0; await RandomAccess.ReadAsync(file, buffer.AsMemory(0, BufferBytes), offset, cancellationToken) is > 0 and int read; offset += read)
                hash.AppendData(buffer, 0, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
