using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Keys and values of all layers as tensors.</summary>
internal sealed class TorchKvPools : KvPools
{
    private readonly TorchKvLayer?[] _layers;

    /// <param name="layers">By layer; null where the layer shares another's.</param>
    /// <param name="numBlocks">Blocks of each group's pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="dtype">What is stored.</param>
    /// <param name="device">Where.</param>
    public TorchKvPools(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize, ScalarType dtype, Device device) : base(blockSize)
    {
        _layers = new TorchKvLayer?[layers.Count];
        for (int i = 0; i < layers.Count; i++)
            _layers[i] = layers[i] is { } spec ? new TorchKvLayer(spec, numBlocks[spec.Group], blockSize, dtype, device) : null;
    }

    /// <summary>The pools of a layer that stores.</summary>
    public TorchKvLayer Layer(int index) => _layers[index] ?? throw new ArgumentException($"Layer {index} stores no keys and values.", nameof(index));

    public override void Dispose()
    {
        foreach (TorchKvLayer? layer in _layers)
            layer?.Dispose();
    }
}

/// <summary>One layer's pools, a head after the other: what is gathered of a block is then dense for each head, as batched products want it.</summary>
internal sealed class TorchKvLayer : IDisposable
{
    private readonly Tensor? _keys;       // [K, slots, H]; null where keys are made from values
    private readonly Tensor _values;      // [K, slots, H]
    private readonly int _blockSize;

    /// <param name="spec">What it keeps of every position.</param>
    /// <param name="numBlocks">Blocks of the pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="dtype">What is stored.</param>
    /// <param name="device">Where.</param>
    public TorchKvLayer(KvLayerSpec spec, int numBlocks, int blockSize, ScalarType dtype, Device device)
    {
        Tensor Pool() => zeros([spec.NumKvHeads, (long)numBlocks * blockSize, spec.HeadDim], dtype: dtype, device: device).DetachFromDisposeScope();
        _keys = spec.KeysAreValues ? null : Pool();
        _values = Pool();
        _blockSize = blockSize;
    }

    /// <summary>Stores the step's rows.</summary>
    /// <param name="slots">Slot of each row, <c>[T]</c> int64.</param>
    /// <param name="keys"><c>[T, K · H]</c>; not looked at where keys are made from values.</param>
    /// <param name="values"><c>[T, K · H]</c>.</param>
    public void Write(Tensor slots, Tensor? keys, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_keys is not null)
            Store(_keys, slots, keys!);
        Store(_values, slots, values);
    }

    /// <summary>The keys of some blocks end to end, <c>[K, blocks · BlockSize, H]</c>; null where they are made from values. Belongs to the caller's scope.</summary>
    /// <param name="blocks"><c>[blocks]</c> int64.</param>
    public Tensor? Keys(Tensor blocks) => _keys is null ? null : Read(_keys, blocks);

    /// <summary>The values of some blocks end to end, as <see cref="Keys"/>.</summary>
    public Tensor Values(Tensor blocks) => Read(_values, blocks);

    public void Dispose()
    {
        _keys?.Dispose();
        _values.Dispose();
    }

    private static void Store(Tensor pool, Tensor slots, Tensor rows) =>
        pool.index_copy_(1, slots, rows.view(rows.shape[0], pool.shape[0], pool.shape[2]).transpose(0, 1).to(pool.dtype));

    private Tensor Read(Tensor pool, Tensor blocks)
    {
        long heads = pool.shape[0], width = pool.shape[2];
        return pool.view(heads, -1, _blockSize * width).index_select(1, blocks).view(heads, -1, width);
    }
}
