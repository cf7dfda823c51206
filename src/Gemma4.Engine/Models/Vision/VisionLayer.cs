using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>One encoder layer: attention and gated feed-forward, each between two norms.</summary>
internal sealed class VisionLayer(VisionConfig config, TensorWeights weights)
{
    private readonly RmsNorm _inputNorm = weights.RmsNorm("input_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postAttentionNorm = weights.RmsNorm("post_attention_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _preFeedForwardNorm = weights.RmsNorm("pre_feedforward_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postFeedForwardNorm = weights.RmsNorm("post_feedforward_layernorm", config.HiddenSize, config.RmsNormEps);
    private readonly ClippedLinear _gateProj = new(config.IntermediateSize, config.HiddenSize, config.ClipsLinears, weights["mlp"]["gate_proj"]);
    private readonly ClippedLinear _upProj = new(config.IntermediateSize, config.HiddenSize, config.ClipsLinears, weights["mlp"]["up_proj"]);
    private readonly ClippedLinear _downProj = new(config.HiddenSize, config.IntermediateSize, config.ClipsLinears, weights["mlp"]["down_proj"]);
    private readonly Gelu _gelu = new(weights.Source.Team);

    /// <summary>Its attention.</summary>
    public VisionAttention Attention { get; } = new(config, weights["self_attn"]);

    /// <summary>Computes the keys and values that this layer's attention will want of some rows.</summary>
    /// <param name="x"><c>[R, d]</c>. Not modified.</param>
    /// <param name="angles">Of these rows.</param>
    /// <param name="target">Receives them.</param>
    /// <param name="firstRow">Where they begin among all rows.</param>
    public void WriteKeysValues(Tensor x, AxialAngles angles, KeysValues target, int firstRow)
    {
        using DisposeScope scope = NewDisposeScope();
        Attention.WriteKeysValues(_inputNorm.Forward(x), angles, target, firstRow);
    }

    /// <summary>Computes the layer for some rows.</summary>
    /// <param name="x"><c>[R, d]</c>. Not modified.</param>
    /// <param name="keysValues">Of all rows, written before.</param>
    /// <param name="layout">Which rows are whose.</param>
    /// <param name="firstRow">Where these begin among all rows.</param>
    /// <param name="angles">Of these rows.</param>
    /// <returns>A new tensor <c>[R, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, KeysValues keysValues, VisionLayout layout, int firstRow, AxialAngles angles)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor attended = Attention.Forward(_inputNorm.Forward(x), keysValues, layout, firstRow, angles);
        Tensor r = x.Plus(_postAttentionNorm.Forward(attended));
        Tensor y = _preFeedForwardNorm.Forward(r);
        y = _downProj.Forward(_gelu.Gate(_gateProj.Forward(y), _upProj.Forward(y)));
        return scope.MoveToOuter(r.Plus(_postFeedForwardNorm.Forward(y)));
    }
}
