using System.Collections.Immutable;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>The tensors of a checkpoint, in whatever files it has.</summary>
internal abstract class CheckpointTensors
{
    /// <summary>Finds every tensor that a model needs, and refuses files that lack one or have others.</summary>
    /// <param name="config">The model.</param>
    /// <param name="expected">Published names and shapes.</param>
    /// <returns>Where they are, by published name.</returns>
    /// <exception cref="CheckpointException">A tensor is missing, of another shape, stored as no weight is, or not part of the model.</exception>
    public abstract IReadOnlyDictionary<string, LocatedWeight> Locate(Gemma4Config config, IReadOnlyDictionary<string, ImmutableArray<long>> expected);
}
