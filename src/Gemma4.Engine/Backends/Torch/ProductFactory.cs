using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Makes products of stored weights. The one place that decides how weights lie on the device.</summary>
/// <remarks>
/// Quantised weights are decoded to the dtype of activations. Products that read 4 bits (<c>_weight_int4pack_mm</c>) or 8
/// (<c>_scaled_mm</c>) would be further kinds of <see cref="Linear"/>, chosen here by format and device.
/// </remarks>
/// <param name="device">Where weights go.</param>
/// <param name="dtype">Dtype of activations.</param>
internal sealed class ProductFactory(Device device, ScalarType dtype) : IDisposable
{
    private readonly List<Tensor> _owned = [];

    /// <summary>One product with several weights <c>[outᵢ, in]</c>, laid one under the other.</summary>
    public Linear Product(params ReadOnlySpan<StoredWeight> weights)
    {
        if (weights.Length == 1)
            return new DenseLinear(Tensor(weights[0]));
        int rows = 0;
        foreach (StoredWeight weight in weights)
            rows += weight.Rows;
        return new DenseLinear(Stack(weights, rows, weights[0].Columns));
    }

    /// <summary>The gate and up weights of all experts, and their down weights.</summary>
    /// <returns><c>[E, 2F, D]</c> and <c>[E, D, F]</c>.</returns>
    public (Tensor GateUp, Tensor Down) Experts(IReadOnlyList<ExpertWeights> experts)
    {
        int f = experts[0].Gate.Rows, d = experts[0].Gate.Columns;
        StoredWeight[] gateUp = [.. experts.SelectMany(e => new[] { e.Gate, e.Up })], down = [.. experts.Select(e => e.Down)];
        return (Stack(gateUp, experts.Count, 2 * f, d), Stack(down, experts.Count, d, f));
    }

    /// <summary>A weight in the dtype of activations.</summary>
    public Tensor Tensor(StoredWeight weight)
    {
        Tensor taken = WeightTensor.Create(weight, dtype, device);
        _owned.Add(taken);
        return taken;
    }

    /// <summary>Numbers <c>[n]</c> on the device.</summary>
    public Tensor Tensor(float[] numbers, ScalarType type)
    {
        using Tensor wide = tensor(numbers);
        Tensor taken = wide.to(type, device, copy: true).DetachFromDisposeScope();
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

    private Tensor Stack(ReadOnlySpan<StoredWeight> weights, params ReadOnlySpan<long> shape)
    {
        Tensor stacked = empty(shape.ToArray(), dtype: dtype, device: device).DetachFromDisposeScope();
        _owned.Add(stacked);
        using Tensor rows = stacked.view(-1, shape[^1]);
        int first = 0;
        foreach (StoredWeight weight in weights)
        {
            using Tensor own = rows.narrow(0, first, weight.Rows);
            WeightTensor.Write(weight, own);
            first += weight.Rows;
        }
        return stacked;
    }
}
