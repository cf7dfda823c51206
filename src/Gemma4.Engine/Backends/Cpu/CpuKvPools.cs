namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Keys and values of all layers in host memory. Pages take memory as blocks are first written.</summary>
internal sealed class CpuKvPools : KvPools
{
    private readonly CpuKvLayer?[] _layers;

    /// <param name="layers">By layer; null where the layer shares another's.</param>
    /// <param name="numBlocks">Blocks of each group's pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="format">How numbers lie.</param>
    public CpuKvPools(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize, KvFormat format) : base(blockSize)
    {
        _layers = new CpuKvLayer?[layers.Count];
        for (int i = 0; i < layers.Count; i++)
            _layers[i] = layers[i] is { } spec ? new CpuKvLayer(spec, (long)numBlocks[spec.Group] * blockSize, format) : null;
    }

    /// <summary>The pools of a layer that stores.</summary>
    public CpuKvLayer Layer(int index) => _layers[index] ?? throw new ArgumentException($"Layer {index} stores no keys and values.", nameof(index));

    public override void Dispose()
    {
        foreach (CpuKvLayer? layer in _layers)
            layer?.Dispose();
    }
}

/// <summary>One layer's pools.</summary>
internal sealed class CpuKvLayer : IDisposable
{
    /// <param name="spec">What it keeps of every position.</param>
    /// <param name="slots">Positions of the pool.</param>
    /// <param name="format">How numbers lie.</param>
    public CpuKvLayer(KvLayerSpec spec, long slots, KvFormat format)
    {
        Keys = spec.KeysAreValues ? null : new HeadPool(slots, spec.NumKvHeads, spec.HeadDim, format);
        Values = new HeadPool(slots, spec.NumKvHeads, spec.HeadDim, format);
    }

    /// <summary>Keys, ready to be compared; null where they are made from values.</summary>
    public HeadPool? Keys { get; }

    /// <summary>Values.</summary>
    public HeadPool Values { get; }

    public void Dispose()
    {
        Keys?.Dispose();
        Values.Dispose();
    }
}
