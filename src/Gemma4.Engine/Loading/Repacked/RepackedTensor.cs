using System.Collections.Immutable;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>A weight that a repacked file holds in panels.</summary>
/// <param name="Name">Its published name there: a tied embedding is the head's.</param>
/// <param name="Source">Where its numbers are now.</param>
/// <param name="Format">What the panels hold.</param>
internal sealed record RepackedTensor(string Name, LocatedWeight Source, WeightFormat Format)
{
    /// <summary>Published shape.</summary>
    public ImmutableArray<long> Shape => Source.Shape;

    /// <summary>Bytes of the panels.</summary>
    public long Length { get; } = PanelSlice.BytesOf(Format, Source.Shape.AsSpan())
        ?? throw new ArgumentException($"{Name} {StoredTensor.Show(Source.Shape.AsSpan())} has no panels of {Format}.", nameof(Source));
}
