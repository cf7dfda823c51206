using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Rows read on the host, from memory or a file, and sent to the device: a table may be larger than the rest of the model.</summary>
/// <param name="backend">Threads and the way to the device.</param>
/// <param name="table">The rows.</param>
/// <param name="scale">What they are multiplied with.</param>
internal sealed unsafe class TorchEmbeddingTable(TorchBackend backend, StoredRows table, float scale) : EmbeddingTable, IParts
{
    private readonly KeptScalar _scale = new(scale);
    private readonly byte[]?[] _bytes = new byte[]?[backend.NumWorkers];      // a worker's row as it is stored
    private readonly bool _isSentAsStored = table.Format is WeightFormat.BFloat16 or WeightFormat.Float32;
    private int[] _rows = [];
    private byte* _staged;

    private ScalarType SentType => table.Format == WeightFormat.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    private long SentRowBytes => (long)table.Width * SentType.ElementSize();

    public override void Lookup(ReadOnlySpan<int> rows, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_rows.Length < rows.Length)
            _rows = new int[Math.Max(rows.Length, 2 * _rows.Length)];
        rows.CopyTo(_rows);
        _staged = backend.Link.Reserve(rows.Length * SentRowBytes);
        backend.ShareOut(rows.Length, this);
        using Tensor sent = backend.Link.Send(_staged, SentType, [rows.Length, table.Width]);
        ((TorchActivations)y).Set(sent.to(backend.Dtype).mul(_scale.Value));                   // [T, W]
    }

    void IParts.Run(int part, int worker)
    {
        byte* target = _staged + part * SentRowBytes;
        if (_isSentAsStored)
        {
            table.Read(_rows[part], new Span<byte>(target, table.RowBytes));
            return;
        }
        byte[] bytes = _bytes[worker] ??= new byte[table.RowBytes];
        table.Read(_rows[part], bytes);
        WeightDecoder.Decode(table.Format, bytes, new Span<float>(target, table.Width));
    }
}
