using Gemma4.Engine.Backends.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Weights as tensors, for what computes with libtorch. What is taken belongs to the source.</summary>
/// <remarks>In host memory a weight that is stored in the wanted dtype is the mapped file itself; anything else is converted or moved once.</remarks>
/// <param name="store">Where weights come from; borrowed.</param>
/// <param name="device">Where they go.</param>
/// <param name="dtype">Dtype of activations.</param>
/// <param name="cpu">Multiplies in host memory; null where libtorch does.</param>
internal sealed class TensorSource(WeightStore store, Device device, ScalarType dtype, CpuBackend? cpu) : IDisposable
{
    /// <summary>Patches of a slice in host memory. E2B's take 30 ms on two cores, an eighth of a decoding step; 256 took as long for a whole
    /// image (two processors of an AMD EPYC, 2026-11-24, <c>Gemma4.Benchmarks encoder</c>).</summary>
    private const int RowsPerSliceOnHost = 128;

    /// <summary>Patches of a slice on a device: one of the largest image's layers.</summary>
    private const int RowsPerSliceOnDevice = 16 * 1024;

    private readonly List<Tensor> _owned = [];

    /// <summary>Weights in host memory, float32 where our own products do not read them as they are stored.</summary>
    public static TensorSource OnHost(WeightStore store, CpuBackend cpu) => new(store, CPU, ScalarType.Float32, cpu);

    /// <summary>Where the weights lie.</summary>
    public Device Device => device;

    /// <summary>Dtype of activations.</summary>
    public ScalarType Dtype => dtype;

    /// <summary>Threads of our own kernels; null where libtorch computes.</summary>
    public ThreadTeam? Team => cpu?.Team;

    /// <summary>Rows that a tower computes before it lets text have its turn.</summary>
    public int RowsPerSlice => device.type == DeviceType.CPU ? RowsPerSliceOnHost : RowsPerSliceOnDevice;

    /// <summary>Names under a prefix.</summary>
    public TensorWeights At(string prefix) => new(this, prefix + ".");

    /// <summary>A tensor by its published name.</summary>
    /// <param name="name">Full name in the checkpoint.</param>
    /// <param name="type">Dtype wanted; converted where the checkpoint stores another.</param>
    /// <param name="shape">The shape it must have.</param>
    public Tensor Take(string name, ScalarType type, ReadOnlySpan<long> shape) => ToTensor(store.Take(name, shape), type);

    /// <summary>A product with the weight <paramref name="name"/><c>.weight</c>.</summary>
    public Linear TakeLinear(string name, int outFeatures, int inFeatures)
    {
        StoredWeight weight = store.Take($"{name}.weight", [outFeatures, inFeatures]);
        return cpu is null ? new DenseLinear(ToTensor(weight, dtype)) : new CpuLinear(cpu, cpu.Matrix(weight));
    }

    /// <summary>A stored weight as a tensor on the device.</summary>
    public Tensor ToTensor(StoredWeight weight, ScalarType type)
    {
        Tensor taken = WeightTensor.Create(weight, type, device);
        _owned.Add(taken);
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _owned)
            tensor.Dispose();
        _owned.Clear();
    }
}
