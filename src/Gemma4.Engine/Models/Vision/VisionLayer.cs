using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>One encoder layer: attention and gated feed-forward, each between two norms.</summary>
internal sealed class VisionLayer(VisionConfig config, Weights weights)
{
    private readonly RmsNorm _inputNorm = weights.RmsNorm("input_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postAttentionNorm = weights.RmsNorm("post_attention_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _preFeedForwardNorm = weights.RmsNorm("pre_feedforward_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postFeedForwardNorm = weights.RmsNorm("post_feedforward_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly ClippedLinear _gateProj = new(config.IntermediateSize, config.HiddenSize, config.ClipsLinears, weights["mlp"]["gate_proj"]);
    private readonly ClippedLinear _upProj = new(config.IntermediateSize, config.HiddenSize, config.ClipsLinears, weights["mlp"]["up_proj"]);
    private readonly ClippedLinear _downProj = new(config.HiddenSize, config.IntermediateSize, config.ClipsLinears, weights["mlp"]["down_proj"]);

    /// <summary>Its attention.</summary>
    public VisionAttention Attention { get; } = new(config, weights["self_attn"]);

    /// <param name="x"><c>[S, d]</c>. Not modified.</param>
    /// <param name="layout">Which rows are whose.</param>
    /// <param name="angles">Of every patch.</param>
    /// <returns>A new tensor <c>[S, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, VisionLayout layout, AxialAngles angles)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor r = x.Plus(_postAttentionNorm.Forward(Attention.Forward(_inputNorm.Forward(x), layout, angles)));
        Tensor y = _preFeedForwardNorm.Forward(r);
        y = _downProj.Forward(Gelu.Gate(_gateProj.Forward(y), _upProj.Forward(y)));
        return scope.MoveToOuter(r.Plus(_postFeedForwardNorm.Forward(y)));
    }
}
