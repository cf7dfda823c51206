using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>The text model of every Gemma 4, written once: embeddings, decoder layers, final norm and head.</summary>
internal sealed class TextModel
{
    private readonly TextConfig _config;
    private readonly ScaledEmbedding _embedding;
    private readonly PerLayerEmbedding? _perLayer;
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly Linear _head;
    private readonly LogitSoftcap? _softcap;
    private readonly RotaryEmbedding[] _rotary;     // by KV group
    private readonly RotaryTable[] _tables;         // by KV group

    /// <param name="config">The text model.</param>
    /// <param name="source">The checkpoint.</param>
    public TextModel(TextConfig config, WeightSource source)
    {
        Weights weights = source.At("model.language_model");
        _config = config;
        _embedding = new ScaledEmbedding(config.VocabSize, config.HiddenSize, weights);
        _perLayer = config.PerLayerWidth > 0 ? new PerLayerEmbedding(config, weights) : null;
        _layers = new DecoderLayer[config.Layers.Length];
        foreach (LayerConfig layer in config.Layers)
        {
            DecoderLayer? owner = layer.OwnsKv ? null : _layers[layer.KvLayerIndex];
            _layers[layer.Index] = new DecoderLayer(config, layer, owner, weights["layers"][layer.Index]);
        }
        _rotary = [.. config.KvGroups.Select(g => config.Layers[g.OwnerLayers[0]]).Select(l => new RotaryEmbedding(l.HeadDim, l.Rope.NumRotatedPairs, l.Rope.Theta))];
        _tables = [.. _rotary.Select(r => new RotaryTable(r))];
        _norm = weights.RmsNorm("norm", config.HiddenSize, config.RmsNormEps);
        _softcap = config.FinalLogitSoftcap is { } cap ? new LogitSoftcap(cap, source.Cpu) : null;
        _head = config.TiedHead ? _embedding.TiedHead() : source.TakeLinear("lm_head", config.VocabSize, config.HiddenSize);
    }

    /// <summary>Computes a step.</summary>
    /// <param name="tokenIds">T tokens, media placeholders replaced by padding.</param>
    /// <param name="step">Positions, block tables, slots.</param>
    /// <param name="kv">The pools, written and read.</param>
    /// <param name="softTokens">Embeddings that replace those of some rows; null where there are none.</param>
    /// <param name="observer">Sees intermediate results; null in service.</param>
    /// <returns>Hidden states after the final norm, <c>[T, D]</c>; the caller owns them.</returns>
    public Tensor Forward(ReadOnlySpan<int> tokenIds, StepInputs step, KvStorage kv, SoftTokens? softTokens, IForwardObserver? observer)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _embedding.Forward(tokenIds);                                                          // [T, D]
        if (softTokens is { } soft)
            x.index_copy_(0, soft.Rows, soft.Embeddings.to(x.dtype));
        Tensor? perLayer = _perLayer?.Forward(tokenIds, x);                                               // [T, L, P]
        TextStep prepared = Prepare(step, kv, x.dtype, observer);
        observer?.HiddenStates(0, x);
        for (int i = 0; i < _layers.Length; i++)
        {
            Tensor next = _layers[i].Forward(x, perLayer?.select(1, i), prepared);
            x.Dispose();
            x = next;
            if (i + 1 < _layers.Length)
                observer?.HiddenStates(i + 1, x);
        }
        Tensor y = _norm.Forward(x);
        observer?.HiddenStates(_layers.Length, y);
        return scope.MoveToOuter(y);
    }

    /// <summary>Logits of some rows.</summary>
    /// <param name="hidden">Hidden states <c>[R, D]</c>.</param>
    /// <returns>Softcapped logits <c>[R, V]</c> float32; the caller owns them.</returns>
    public Tensor Logits(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = _head.Forward(hidden).to(ScalarType.Float32);                                     // [R, V]
        _softcap?.Apply(logits);
        return scope.MoveToOuter(logits);
    }

    private TextStep Prepare(StepInputs step, KvStorage kv, ScalarType dtype, IForwardObserver? observer)
    {
        var angles = new Dictionary<LayerKind, RotaryAngles>();
        var groups = new Dictionary<LayerKind, AttentionGroup>();
        for (int g = 0; g < _config.KvGroups.Length; g++)
        {
            KvGroupConfig group = _config.KvGroups[g];
            bool bothWays = _config.BidirectionalVision && group.Kind == LayerKind.Sliding;
            groups[group.Kind] = new AttentionGroup(step, g, kv.BlockSize, group.Window, bothWays, _tables[g], kv.Team);
            angles[group.Kind] = _rotary[g].At(step.Positions, dtype);
        }
        return new TextStep(angles, groups, kv, observer);
    }
}

/// <summary>Encoder output that stands where the prompt has placeholders.</summary>
/// <param name="Embeddings"><c>[M, D]</c>, already in the text model's space and not to be scaled.</param>
/// <param name="Rows">Row of the step of each, <c>[M]</c> int64 on the device.</param>
internal readonly record struct SoftTokens(Tensor Embeddings, Tensor Rows);
