using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine;

/// <summary>What the engine must know of a model.</summary>
/// <param name="MaxContextLength">Positions that the model was made for.</param>
/// <param name="VocabularySize">Token ids are below this.</param>
/// <param name="MediaIsBidirectional">Tokens of a media item attend to each other both ways, so that they are computed in one step.</param>
internal sealed record ModelTraits(int MaxContextLength, int VocabularySize, bool MediaIsBidirectional)
{
    /// <summary>Adapters that requests may name; none as long as none can be loaded.</summary>
    public ImmutableHashSet<AdapterId> Adapters { get; init; } = [];
}
