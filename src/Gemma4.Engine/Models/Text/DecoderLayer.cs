using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>One decoder layer of any Gemma 4: attention, feed-forward, routed experts and per-layer embeddings where the model has them.</summary>
internal sealed class DecoderLayer
{
    private readonly Backend _backend;
    private readonly Norm _inputNorm;
    private readonly TextAttention _attention;
    private readonly Norm _postAttentionNorm;
    private readonly Norm _preFeedForwardNorm;
    private readonly GatedMlp _mlp;
    private readonly MoeBlock? _moe;
    private readonly Norm _postFeedForwardNorm;
    private readonly PerLayerInput? _perLayer;
    private readonly float _layerScalar;
    private readonly Activations _normed;      // [T, D]
    private readonly Activations _branch;      // [T, D]

    /// <param name="config">The text model.</param>
    /// <param name="layer">This layer.</param>
    /// <param name="kind">What layers of its kind share.</param>
    /// <param name="owner">The layer whose keys and values it reads; null where that is this one.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="weights">Under <c>layers.N</c>.</param>
    public DecoderLayer(TextConfig config, LayerConfig layer, TextLayerKind kind, DecoderLayer? owner, Backend backend, Weights weights)
    {
        int d = config.HiddenSize;
        _backend = backend;
        _inputNorm = backend.CreateNorm(weights.Scale("input_layernorm", d), d, config.RmsNormEps);
        _attention = new TextAttention(config, layer, kind, owner?._attention, backend, weights["self_attn"]);
        _postAttentionNorm = backend.CreateNorm(weights.Scale("post_attention_layernorm", d), d, config.RmsNormEps);
        _preFeedForwardNorm = backend.CreateNorm(weights.Scale("pre_feedforward_layernorm", d), d, config.RmsNormEps);
        _mlp = new GatedMlp(d, layer.IntermediateSize, backend, weights["mlp"]);
        _moe = config.Moe is { } moe ? new MoeBlock(config, moe, layer.Index, backend, weights) : null;
        _postFeedForwardNorm = backend.CreateNorm(weights.Scale("post_feedforward_layernorm", d), d, config.RmsNormEps);
        _perLayer = config.PerLayerWidth > 0 ? new PerLayerInput(config, backend, weights) : null;
        _layerScalar = weights.Take("layer_scalar", 1).ToSingles()[0];
        _normed = backend.CreateActivations("normed", d);
        _branch = backend.CreateActivations("branch", d);
    }

    /// <param name="x">Residual <c>[T, D]</c>; becomes the layer's output.</param>
    /// <param name="perLayer">This layer's embeddings <c>[T, P]</c>; null where the model has none.</param>
    /// <param name="observer">Sees intermediate results; null in service.</param>
    public void Forward(Activations x, Activations? perLayer, IForwardObserver? observer)
    {
        _inputNorm.Apply(x, _normed);                                                          // [T, D]
        _attention.Forward(_normed, _branch);                                                  // [T, D]
        _postAttentionNorm.AddTo(_branch, x);
        _preFeedForwardNorm.Apply(x, _normed);                                                 // [T, D]
        _mlp.Forward(_normed, _branch);                                                        // [T, D]
        _moe?.Join(x, _branch, observer);
        _postFeedForwardNorm.AddTo(_branch, x);
        _perLayer?.AddTo(x, perLayer!);
        _backend.Scale(x, _layerScalar);
    }
}
