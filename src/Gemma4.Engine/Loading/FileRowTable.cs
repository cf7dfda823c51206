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
            Span<byte> row = bytes.Slice(i * _rowBytes, _rowBytes);
            if (RandomAccess.Read(_file, row, _stored.Offset + (long)rows[i] * _rowBytes) != _rowBytes)
                throw new CheckpointException(_stored.File, $"tensor {_stored.Name}: row {rows[i]} could not be read; did the file shrink?");
        }
        return scope.MoveToOuter(stored.to(_dtype, _device, copy: true));
    }

    public void Dispose() => _file.Dispose();
}
