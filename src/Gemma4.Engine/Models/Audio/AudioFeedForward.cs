using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>A conformer's half-step feed-forward, residual included.</summary>
internal sealed class AudioFeedForward(AudioConfig config, TensorWeights weights)
{
    private readonly ClippedLinear _first = new(4 * config.HiddenSize, config.HiddenSize, config.ClipsLinears, weights["ffw_layer_1"]);
    private readonly ClippedLinear _second = new(config.HiddenSize, 4 * config.HiddenSize, config.ClipsLinears, weights["ffw_layer_2"]);
    private readonly RmsNorm _preNorm = weights.RmsNorm("pre_layer_norm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postNorm = weights.RmsNorm("post_layer_norm", config.HiddenSize, config.RmsNormEps);
    private readonly Scalar _residualWeight = config.ResidualWeight.ToScalar();
    private readonly Scalar _clip = config.GradientClipping.ToScalar();
    private readonly Scalar _minusClip = (-config.GradientClipping).ToScalar();

    /// <param name="x"><c>[T, d]</c>. Not modified.</param>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = _preNorm.Forward(x.clamp(_minusClip, _clip));
        y = _second.Forward(nn.functional.silu(_first.Forward(y)));
        y = _postNorm.Forward(y.clamp(_minusClip, _clip));
        return scope.MoveToOuter((y * _residualWeight).Plus(x));
    }
}
