using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Engine.Loading;

/// <summary>A table left in its file: a token's row is read when the token comes, and never kept.</summary>
/// <remarks>
/// Rows are read, not mapped: a row of E2B's per-layer table is 17.5 KiB, and the kernel would make some 64 KiB around each touched page
/// part of the process. Hot rows stay in the page cache, which is the system's to take back.
/// </remarks>
internal sealed class FileRows : StoredRows, IDisposable
{
    /// <summary>Rows looked at while loading, evenly over the table: the table is never read whole.</summary>
    private const int SampledRows = 256;

    private readonly StoredTensor _stored;
    private readonly SafeFileHandle _file;

    /// <param name="stored">A matrix.</param>
    public FileRows(StoredTensor stored) : base(stored.Name, stored.WeightFormat, checked((int)stored.Shape[0]), checked((int)stored.Shape[1]))
    {
        _stored = stored;
        _file = File.OpenHandle(stored.File, options: FileOptions.RandomAccess);
    }

    public override void Read(int row, Span<byte> bytes)
    {
        if ((uint)row >= (uint)Rows)
            throw new ArgumentOutOfRangeException(nameof(row), row, $"{Name} has {Rows} rows.");
        if (RandomAccess.Read(_file, bytes[..RowBytes], _stored.Offset + (long)row * RowBytes) != RowBytes)
            throw new CheckpointException(_stored.File, $"tensor {Name}: row {row} could not be read; did the file shrink?");
    }

    /// <summary>Index in the table of the first element of some rows that is not finite; −1 where all are.</summary>
    public unsafe long FirstNonFiniteOfSample()
    {
        byte[] bytes = new byte[RowBytes];
        int sampled = Math.Min(Rows, SampledRows);
        for (int i = 0; i < sampled; i++)
        {
            int row = (int)((long)i * Rows / sampled);
            Read(row, bytes);
            fixed (byte* data = bytes)
            {
                if (WeightScan.FirstNonFinite(data, Format, Width, backend: null) is >= 0 and var column)
                    return (long)row * Width + column;
            }
        }
        return -1;
    }

    public void Dispose() => _file.Dispose();
}
