using System.Collections.Immutable;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Loading;

/// <summary>Weights without data: a model built from it tells which tensors it wants, and in what shape.</summary>
internal sealed class MetaWeights(ScalarType dtype) : WeightSource
{
    private readonly Dictionary<string, ImmutableArray<long>> _shapes = new(StringComparer.Ordinal);
    private readonly List<Tensor> _tensors = [];

    /// <summary>Shape by name of everything that was taken.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<long>> Shapes => _shapes;

    public override ScalarType Dtype => dtype;

    public override ScalarType ModelDtype => dtype;

    public override Device Device => META;

    public override Tensor Take(string name, ScalarType type, ReadOnlySpan<long> shape)
    {
        _shapes[name] = [.. shape];      // a tied embedding is taken as table and as head
        Tensor taken = empty(shape.ToArray(), dtype: type, device: META).DetachFromDisposeScope();
        _tensors.Add(taken);
        return taken;
    }

    public override Linear TakeLinear(string name, int outFeatures, int inFeatures) =>
        new DenseLinear(Take($"{name}.weight", dtype, [outFeatures, inFeatures]));

    public override IReadOnlyList<Linear> TakeLinears(string name, int count, int outFeatures, int inFeatures)
    {
        _shapes.Add(name, [count, outFeatures, inFeatures]);
        Tensor one = empty([outFeatures, inFeatures], dtype: dtype, device: META).DetachFromDisposeScope();
        _tensors.Add(one);
        return [.. Enumerable.Repeat(new DenseLinear(one), count)];
    }

    public override RowTable TakeRows(string name, int rows, int width)
    {
        _shapes[name] = [rows, width];
        return new NoRows();
    }

    public override void Dispose()
    {
        foreach (Tensor taken in _tensors)
            taken.Dispose();
    }

    private sealed class NoRows : RowTable
    {
        public override Tensor Lookup(ReadOnlySpan<int> rows) => throw new InvalidOperationException("The meta device has no data to look up.");
    }
}
