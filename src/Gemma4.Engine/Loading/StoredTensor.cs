using System.Collections.Immutable;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>A tensor as a safetensors header describes it.</summary>
/// <param name="File">Path of the file it lies in.</param>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">How its elements are stored.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record StoredTensor(string File, string Name, StoredDtype Dtype, ImmutableArray<long> Shape, long Offset, long Length)
{
    /// <summary>How its numbers lie, where it is a weight.</summary>
    /// <exception cref="InvalidOperationException">No weight is stored so; the loader refuses such files before.</exception>
    public WeightFormat WeightFormat => Dtype.WeightFormat ?? throw new InvalidOperationException($"{Name} is stored as {Dtype}, as no weight is.");

    /// <summary>Elements.</summary>
    public long NumElements => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>The shape as people write it: <c>[2, 3]</c>.</summary>
    public static string Show(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
