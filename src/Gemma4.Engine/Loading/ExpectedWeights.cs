using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>Weights without data: a model built from it tells which tensors it wants, and in what shape.</summary>
internal sealed unsafe class ExpectedWeights : WeightStore
{
    private readonly Dictionary<string, ImmutableArray<long>> _shapes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _gathered = new(StringComparer.Ordinal);

    /// <summary>Shape by name of everything that was taken.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<long>> Shapes => _shapes;

    /// <summary>Names of the tables.</summary>
    public IReadOnlySet<string> Gathered => _gathered;

    public override StoredWeight Take(string name, ReadOnlySpan<long> shape)
    {
        _shapes[name] = [.. shape];      // a tied embedding is taken as table and as head
        return new StoredWeight(name, WeightFormat.BFloat16, [.. shape], null);
    }

    public override StoredRows TakeRows(string name, int rows, int width)
    {
        _gathered.Add(name);
        _shapes[name] = [rows, width];
        return new NoRows(name, rows, width);
    }

    public override void Dispose()
    {
    }

    private sealed class NoRows(string name, int rows, int width) : StoredRows(name, WeightFormat.BFloat16, rows, width)
    {
        public override void Read(int row, Span<byte> bytes) => throw new InvalidOperationException("There is no data to read.");
    }
}
