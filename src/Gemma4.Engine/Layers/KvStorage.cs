using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>What one layer keeps of every position.</summary>
/// <param name="Group">Its KV group.</param>
/// <param name="NumKvHeads">Heads, K.</param>
/// <param name="HeadDim">Width of a head, H.</param>
/// <param name="KeysAreValues">True where only the value is stored and the key is made from it when read.</param>
internal sealed record KvLayerSpec(int Group, int NumKvHeads, int HeadDim, bool KeysAreValues);

/// <summary>The pools of keys and values: taken once, written and read through block tables, owned by the runner.</summary>
/// <remarks>
/// Where keys are values (<c>attention_k_eq_v</c>) the value is the key projection after normalisation without scale, and the key is
/// that same vector scaled and rotated. So one vector is stored and the key is made from it when read: half the memory and half
/// the memory traffic, for a scale and a rotation of R pairs a position.
/// </remarks>
internal sealed class KvStorage : IDisposable
{
    private readonly KvLayer?[] _layers;

    /// <param name="layers">By layer; null where the layer shares another's.</param>
    /// <param name="numBlocks">Blocks of each group's pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="dtype">Dtype of what is stored.</param>
    /// <param name="device">Where it is stored.</param>
    public KvStorage(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize, ScalarType dtype, Device device)
    {
        BlockSize = blockSize;
        _layers = new KvLayer?[layers.Count];
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i] is not { } spec)
                continue;
            long slots = (long)numBlocks[spec.Group] * blockSize;
            Tensor values = Pool(spec, slots, dtype, device);
            _layers[i] = new KvLayer(spec.KeysAreValues ? null : Pool(spec, slots, dtype, device), values);
        }
    }

    /// <summary>Positions in a block.</summary>
    public int BlockSize { get; }

    /// <summary>The threads that read it: as many as libtorch has.</summary>
    public WorkerTeam Team { get; } = new(get_num_threads());

    /// <summary>The pools of a layer that stores.</summary>
    public KvLayer Layer(int index) => _layers[index] ?? throw new ArgumentException($"Layer {index} stores no keys and values.", nameof(index));

    public void Dispose()
    {
        Team.Dispose();
        foreach (KvLayer? layer in _layers)
            layer?.Dispose();
    }

    private static Tensor Pool(KvLayerSpec spec, long slots, ScalarType dtype, Device device) =>
        zeros([slots, spec.NumKvHeads, spec.HeadDim], dtype: dtype, device: device).DetachFromDisposeScope();
}

/// <summary>One layer's pools.</summary>
internal sealed unsafe class KvLayer : IDisposable
{
    /// <param name="keys"><c>[slots, K, H]</c>, ready to be compared; null where keys are made from values.</param>
    /// <param name="values"><c>[slots, K, H]</c>.</param>
    public KvLayer(Tensor? keys, Tensor values)
    {
        Keys = keys;
        Values = values;
        (NumKvHeads, HeadDim) = ((int)values.shape[1], (int)values.shape[2]);
        if (values.device_type != DeviceType.CPU)
            return;
        KeysPointer = keys is null ? null : HostPointer.Of(keys);
        ValuesPointer = HostPointer.Of(values);
    }

    public Tensor? Keys { get; }

    public Tensor Values { get; }

    /// <summary>K.</summary>
    public int NumKvHeads { get; }

    /// <summary>H.</summary>
    public int HeadDim { get; }

    /// <summary>True for float32, false for bfloat16.</summary>
    public bool IsFloat32 => Values.dtype == ScalarType.Float32;

    /// <summary>Where <see cref="Keys"/> lies in host memory; null where there are none or they lie elsewhere.</summary>
    public void* KeysPointer { get; }

    /// <summary>Where <see cref="Values"/> lies in host memory; null where it lies elsewhere.</summary>
    public void* ValuesPointer { get; }

    /// <summary>Stores the step's rows.</summary>
    /// <param name="slots">Slot of each row, <c>[T]</c> int64.</param>
    /// <param name="k">Keys <c>[T, K, H]</c>; not looked at where keys are made from values.</param>
    /// <param name="v">Values <c>[T, K, H]</c>.</param>
    public void Write(Tensor slots, Tensor? k, Tensor v)
    {
        using DisposeScope scope = NewDisposeScope();      // in-place operations return aliases
        Keys?.index_copy_(0, slots, k!);
        Values.index_copy_(0, slots, v);
    }

    public void Dispose()
    {
        Keys?.Dispose();
        Values.Dispose();
    }
}
