using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>The text model of every Gemma 4, written once: embeddings, decoder layers, final norm and head.</summary>
internal sealed class TextModel
{
    private readonly Backend _backend;
    private readonly EmbeddingTable _embedding;
    private readonly PerLayerEmbedding? _perLayer;
    private readonly DecoderLayer[] _layers;
    private readonly Norm _norm;
    private readonly OutputHead _head;
    private readonly Activations _x;      // [T, D]

    /// <param name="config">The text model.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="store">The checkpoint.</param>
    public TextModel(TextConfig config, Backend backend, WeightStore store)
    {
        Weights weights = store.At("model.language_model");
        int d = config.HiddenSize;
        _backend = backend;
        _embedding = backend.CreateEmbedding(weights.Rows("embed_tokens", config.VocabSize, d), EmbeddingScale.Of(d, backend));
        _perLayer = config.PerLayerWidth > 0 ? new PerLayerEmbedding(config, backend, weights) : null;
        var kinds = new Dictionary<LayerKind, TextLayerKind>();
        _layers = new DecoderLayer[config.Layers.Length];
        foreach (LayerConfig layer in config.Layers)
        {
            if (!kinds.TryGetValue(layer.Kind, out TextLayerKind? kind))
                kinds.Add(layer.Kind, kind = Kind(config, layer));
            DecoderLayer? owner = layer.OwnsKv ? null : _layers[layer.KvLayerIndex];
            _layers[layer.Index] = new DecoderLayer(config, layer, kind, owner, backend, weights["layers"][layer.Index]);
            store.ReleaseCopies();
        }
        _norm = backend.CreateNorm(weights.Scale("norm", d), d, config.RmsNormEps);
        StoredWeight head = config.TiedHead ? weights.Matrix("embed_tokens", config.VocabSize, d) : store.Take("lm_head.weight", [config.VocabSize, d]);
        _head = backend.CreateHead(head, (float?)config.FinalLogitSoftcap);
        store.ReleaseCopies();
        _x = backend.CreateActivations("residual", d);
    }

    /// <summary>Computes a step, which the backend has begun.</summary>
    /// <param name="tokenIds">T tokens, media placeholders replaced by padding.</param>
    /// <param name="softTokens">Embeddings that replace those of some rows; null where there are none.</param>
    /// <param name="observer">Sees intermediate results; null in service.</param>
    /// <returns>Hidden states after the final norm, <c>[T, D]</c>; valid until the next step.</returns>
    public Activations Forward(ReadOnlySpan<int> tokenIds, SoftTokens? softTokens, IForwardObserver? observer)
    {
        _embedding.Lookup(tokenIds, _x);                                                       // [T, D]
        if (softTokens is { } soft)
            _backend.Place(_x, soft.Rows.Span, soft.Embeddings.Span);
        _perLayer?.Forward(tokenIds, _x);                                                      // [T, L · P]
        observer?.HiddenStates(0, _x);
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Forward(_x, _perLayer?.Layers[i], observer);
            if (i + 1 < _layers.Length)
                observer?.HiddenStates(i + 1, _x);
        }
        _norm.Apply(_x, _x);
        observer?.HiddenStates(_layers.Length, _x);
        return _x;
    }

    /// <summary>Logits of some rows.</summary>
    /// <param name="hidden">Hidden states <c>[T, D]</c>.</param>
    /// <param name="rows">Which.</param>
    /// <param name="numBest">By row, of how many best tokens the logits suffice, where 0 asks for all; empty asks for all of every row.</param>
    /// <returns>Softcapped logits; valid until the next call.</returns>
    public Logits Logits(Activations hidden, ReadOnlySpan<int> rows, ReadOnlySpan<int> numBest) => _head.Compute(hidden, rows, numBest);

    private static TextLayerKind Kind(TextConfig config, LayerConfig layer)
    {
        for (int g = 0; g < config.KvGroups.Length; g++)
        {
            if (config.KvGroups[g] is { } group && group.Kind == layer.Kind)
            {
                bool bothWays = config.BidirectionalVision && group.Kind == LayerKind.Sliding;
                return new TextLayerKind(
                    new KvGroupView(g, group.Window, bothWays), new RotaryFrequencies(layer.HeadDim, layer.Rope.NumRotatedPairs, layer.Rope.Theta));
            }
        }
        throw new InvalidOperationException($"No {layer.Kind} layer stores keys and values.");
    }
}
