using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>One decoder layer of any Gemma 4: attention, feed-forward, routed experts and per-layer embeddings where the model has them.</summary>
internal sealed class DecoderLayer
{
    private readonly int _index;
    private readonly RmsNorm _inputNorm;
    private readonly RmsNorm _postAttentionNorm;
    private readonly RmsNorm _preFeedForwardNorm;
    private readonly RmsNorm _postFeedForwardNorm;
    private readonly GatedMlp _mlp;
    private readonly Tensor _layerScalar;       // [1]
    private readonly Experts? _experts;
    private readonly PerLayerInput? _perLayer;

    /// <param name="config">The text model.</param>
    /// <param name="layer">This layer.</param>
    /// <param name="owner">The layer whose keys and values it reads; null where that is this one.</param>
    /// <param name="weights">Under <c>layers.N</c>.</param>
    public DecoderLayer(TextConfig config, LayerConfig layer, DecoderLayer? owner, Weights weights)
    {
        int d = config.HiddenSize;
        double eps = config.RmsNormEps;
        _index = layer.Index;
        Attention = new TextAttention(config, layer, owner?.Attention, weights["self_attn"]);
        _mlp = new GatedMlp(d, layer.IntermediateSize, weights["mlp"]);
        _inputNorm = weights.RmsNorm("input_layernorm", d, eps);
        _postAttentionNorm = weights.RmsNorm("post_attention_layernorm", d, eps);
        _preFeedForwardNorm = weights.RmsNorm("pre_feedforward_layernorm", d, eps);
        _postFeedForwardNorm = weights.RmsNorm("post_feedforward_layernorm", d, eps);
        _layerScalar = weights.Take("layer_scalar", 1);
        _experts = config.Moe is { } moe ? new Experts(config, moe, weights) : null;
        _perLayer = config.PerLayerWidth > 0 ? new PerLayerInput(config, weights) : null;
    }

    private TextAttention Attention { get; }

    /// <param name="x">Residual <c>[T, D]</c>. Not modified.</param>
    /// <param name="perLayer">This layer's embeddings <c>[T, P]</c>; null where the model has none.</param>
    /// <param name="step">The step.</param>
    /// <returns>A new tensor <c>[T, D]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, Tensor? perLayer, TextStep step)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor r = x.Plus(_postAttentionNorm.Forward(Attention.Forward(_inputNorm.Forward(x), step)));        // [T, D]
        Tensor y = _mlp.Forward(_preFeedForwardNorm.Forward(r));                                          // [T, D]
        if (_experts is not null)
            y = _experts.Join(y, r, _index, step.Observer);
        r = r.Plus(_postFeedForwardNorm.Forward(y));
        if (_perLayer is not null)
            r = r.Plus(_perLayer.Forward(r, perLayer!));
        return scope.MoveToOuter(r.mul_(_layerScalar));
    }

    /// <summary>The routed experts beside the dense feed-forward, each branch with its own norms.</summary>
    private sealed class Experts(TextConfig config, MoeConfig moe, Weights weights)
    {
        private readonly Router _router = new(config, moe, weights["router"]);
        private readonly MoeBlock _moe = new(config, moe, weights["experts"]);
        private readonly RmsNorm _postDenseNorm = weights.RmsNorm("post_feedforward_layernorm_1", config.HiddenSize, config.RmsNormEps);
        private readonly RmsNorm _preMoeNorm = weights.RmsNorm("pre_feedforward_layernorm_2", config.HiddenSize, config.RmsNormEps);
        private readonly RmsNorm _postMoeNorm = weights.RmsNorm("post_feedforward_layernorm_2", config.HiddenSize, config.RmsNormEps);

        public Tensor Join(Tensor dense, Tensor residual, int layer, IForwardObserver? observer)
        {
            (Tensor experts, Tensor shares) = _router.Forward(residual);                                  // [T, A]
            observer?.Routing(layer, residual, experts, shares);
            Tensor routed = _moe.Forward(_preMoeNorm.Forward(residual), experts, shares);                 // [T, D]
            return _postDenseNorm.Forward(dense).Plus(_postMoeNorm.Forward(routed));
        }
    }

    /// <summary>The last addition of a layer: its per-layer embedding, gated by the residual.</summary>
    private sealed class PerLayerInput(TextConfig config, Weights weights)
    {
        private readonly Linear _gate = weights.Linear("per_layer_input_gate", config.PerLayerWidth, config.HiddenSize);
        private readonly Linear _projection = weights.Linear("per_layer_projection", config.HiddenSize, config.PerLayerWidth);
        private readonly RmsNorm _norm = weights.RmsNorm("post_per_layer_input_norm", config.HiddenSize, config.RmsNormEps);
        private readonly Gelu _gelu = new(weights.Source.Cpu);

        public Tensor Forward(Tensor residual, Tensor perLayer) =>
            _norm.Forward(_projection.Forward(_gelu.Gate(_gate.Forward(residual), perLayer)));             // [T, D]
    }
}
