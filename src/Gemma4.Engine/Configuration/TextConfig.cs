using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>The text model, with its layer pattern as data.</summary>
public sealed record TextConfig
{
    /// <summary>Rows of the embedding and width of the logits, V.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream, D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Query heads of every layer, N.</summary>
    public required int NumQueryHeads { get; init; }

    /// <summary>The decoder layers in order.</summary>
    public required ImmutableArray<LayerConfig> Layers { get; init; }

    /// <summary>Positions a sliding layer sees, the current one included.</summary>
    public required int SlidingWindow { get; init; }

    /// <summary>Longest context the model was trained for.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Added to the mean square inside RMSNorm's root.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>Logits are squeezed into ± this by <c>cap · tanh(x / cap)</c>; null leaves them.</summary>
    public required double? FinalLogitSoftcap { get; init; }

    /// <summary>Width of the per-layer embeddings, P; 0 where the model has none.</summary>
    public required int PerLayerWidth { get; init; }

    /// <summary>Rows of the per-layer embedding table.</summary>
    public required int PerLayerVocabSize { get; init; }

    /// <summary>Routed experts; null in dense models.</summary>
    public required MoeConfig? Moe { get; init; }

    /// <summary>True where the tokens of one image attend to each other both ways in sliding layers.</summary>
    public required bool BidirectionalVision { get; init; }

    /// <summary>Stands in for media tokens when token embeddings are looked up.</summary>
    public required int PadTokenId { get; init; }

    /// <summary>True where the embedding is the output projection too.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>The KV cache's groups: full layers first, then sliding ones; a kind that stores nothing has no group.</summary>
    public ImmutableArray<KvGroupConfig> KvGroups => [.. Enum.GetValues<LayerKind>().Select(Group).Where(g => g.OwnerLayers.Length > 0)];

    private KvGroupConfig Group(LayerKind kind)
    {
        LayerConfig[] owners = [.. Layers.Where(l => l.OwnsKv && l.Kind == kind)];
        int? window = kind == LayerKind.Sliding ? SlidingWindow : null;
        return new KvGroupConfig(kind, window, [.. owners.Select(l => l.Index)], owners.Sum(l => (long)l.KvElementsPerToken));
    }
}
