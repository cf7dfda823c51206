using Gemma4.Engine.Configuration;
using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>One conformer layer: half feed-forward, local attention, convolution, half feed-forward (Gulati et al. 2020).</summary>
internal sealed class AudioLayer(AudioConfig config, TensorWeights weights)
{
    private readonly AudioFeedForward _first = new(config, weights["feed_forward1"]);
    private readonly AudioAttention _attention = new(config, weights["self_attn"]);
    private readonly AudioConvolution _convolution = new(config, weights["lconv1d"]);
    private readonly AudioFeedForward _second = new(config, weights["feed_forward2"]);
    private readonly RmsNorm _preAttentionNorm = weights.RmsNorm("norm_pre_attn", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _postAttentionNorm = weights.RmsNorm("norm_post_attn", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _outputNorm = weights.RmsNorm("norm_out", config.HiddenSize, config.RmsNormEps);
    private readonly Scalar _clip = config.GradientClipping.ToScalar();
    private readonly Scalar _minusClip = (-config.GradientClipping).ToScalar();

    /// <param name="x"><c>[T, d]</c>. Not modified.</param>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor r = _first.Forward(x);
        Tensor y = _attention.Forward(_preAttentionNorm.Forward(r.clamp(_minusClip, _clip)));
        r = _postAttentionNorm.Forward(y.clamp(_minusClip, _clip)).Plus(r);
        r = _second.Forward(_convolution.Forward(r));
        return scope.MoveToOuter(_outputNorm.Forward(r.clamp(_minusClip, _clip)));
    }
}
