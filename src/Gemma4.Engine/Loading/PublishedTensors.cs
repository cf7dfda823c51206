using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>The tensors of a model that is not here: all of them in bfloat16, as the released models store them. There are no bytes, so it can be planned for and not loaded.</summary>
internal sealed class PublishedTensors : CheckpointTensors
{
    public override IReadOnlyDictionary<string, LocatedWeight> Locate(Gemma4Config config, IReadOnlyDictionary<string, ImmutableArray<long>> expected) =>
        expected.ToDictionary(
            tensor => tensor.Key,
            tensor => new LocatedWeight(
                tensor.Key, tensor.Value, WeightFormat.BFloat16, [new FileSlice("", 0, sizeof(ushort) * StoredWeight.Count(tensor.Value.AsSpan()))], WeightChange.None),
            StringComparer.Ordinal);
}
