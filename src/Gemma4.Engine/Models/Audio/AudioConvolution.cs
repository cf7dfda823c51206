using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>A conformer's convolution: gated projection, causal depthwise convolution over frames, projection; residual included.</summary>
internal sealed class AudioConvolution(AudioConfig config, TensorWeights weights)
{
    private readonly ClippedLinear _start = new(2 * config.HiddenSize, config.HiddenSize, config.ClipsLinears, weights["linear_start"]);
    private readonly ClippedLinear _end = new(config.HiddenSize, config.HiddenSize, config.ClipsLinears, weights["linear_end"]);
    private readonly Tensor _kernel = weights["depthwise_conv1d"].Take("weight", config.HiddenSize, 1, config.ConvKernelSize);
    private readonly RmsNorm _preNorm = weights.RmsNorm("pre_layer_norm", config.HiddenSize, config.RmsNormEps);
    private readonly RmsNorm _convNorm = weights.RmsNorm("conv_norm", config.HiddenSize, config.RmsNormEps);
    private readonly Scalar _clip = config.GradientClipping.ToScalar();
    private readonly Scalar _minusClip = (-config.GradientClipping).ToScalar();

    /// <param name="x"><c>[T, d]</c>. Not modified.</param>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = nn.functional.glu(_start.Forward(_preNorm.Forward(x)), -1);                            // [T, d]
        Tensor padded = nn.functional.pad(y.transpose(0, 1).unsqueeze(0), [config.ConvKernelSize - 1, 0]); // [1, d, T + k - 1]
        y = nn.functional.conv1d(padded, _kernel, groups: config.HiddenSize).squeeze(0).transpose(0, 1);  // [T, d]
        y = nn.functional.silu(_convNorm.Forward(y.clamp(_minusClip, _clip)));
        return scope.MoveToOuter(_end.Forward(y).Plus(x));
    }
}
