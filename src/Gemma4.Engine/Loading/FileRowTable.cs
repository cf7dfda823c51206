using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Loading;

/// <summary>A table left in its file: a token's row is read when the token comes, and never kept.</summary>
/// <remarks>
/// Rows are read, not mapped: a row of E2B's per-layer table is 17.5 KiB, and the kernel would make some 64 KiB around each touched page
/// part of the process. Hot rows stay in the page cache, which is the system's to take back.
/// </remarks>
internal sealed class FileRowTable : RowTable, IDisposable
{
    /// <summary>Rows looked at while loading, evenly over the table: the table is never read whole.</summary>
    private const int SampledRows = 256;

    private readonly StoredTensor _stored;
    private readonly SafeFileHandle _file;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly int _rowBytes;

    public FileRowTable(StoredTensor stored, ScalarType dtype, Device device)
    {
        _stored = stored;
        _dtype = dtype;
        _device = device;
        _file = File.OpenHandle(stored.File, options: FileOptions.RandomAccess);
        _rowBytes = checked((int)(stored.Length / stored.Shape[0]));
    }

    public override Tensor Lookup(ReadOnlySpan<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor stored = empty([rows.Length, _stored.Shape[1]], dtype: _stored.Dtype);                    // [T, width]
        Span<byte> bytes = stored.bytes;
        for (int i = 0; i < rows.Length; i++)
        {
            if ((uint)rows[i] >= (ulong)_stored.Shape[0])
                throw new ArgumentOutOfRangeException(nameof(rows), rows[i], $"{_stored.Name} has {_stored.Shape[0]} rows.");
            ReadRow(rows[i], bytes.Slice(i * _rowBytes, _rowBytes));
        }
        return scope.MoveToOuter(stored.to(_dtype, _device, copy: true));
    }

    /// <summary>Index in the table of the first element of some rows that is not finite; −1 where all are.</summary>
    public unsafe long FirstNonFiniteOfSample()
    {
        long rows = _stored.Shape[0], width = _stored.Shape[1];
        byte[] bytes = new byte[_rowBytes];
        long sampled = Math.Min(rows, SampledRows);
        for (long i = 0; i < sampled; i++)
        {
            long row = i * rows / sampled;
            ReadRow(row, bytes);
            fixed (byte* data = bytes)
            {
                if (WeightScan.FirstNonFinite(data, _stored.Dtype, width, cpu: null) is >= 0 and var column)
                    return row * width + column;
            }
        }
        return -1;
    }

    public void Dispose() => _file.Dispose();

    private void ReadRow(long row, Span<byte> bytes)
    {
        if (RandomAccess.Read(_file, bytes, _stored.Offset + row * _rowBytes) != _rowBytes)
            throw new CheckpointException(_stored.File, $"tensor {_stored.Name}: row {row} could not be read; did the file shrink?");
    }
}
