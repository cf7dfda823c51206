using Gemma4.Engine.Configuration;
using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>Two strided convolutions over (frame, mel bin), then a projection: a quarter of the frames remains.</summary>
internal sealed class AudioSubsampling
{
    /// <summary>Mel bins of a frame. Two strides of 2 leave a quarter.</summary>
    public const int MelBins = 128;

    private readonly Convolution _first;
    private readonly Convolution _second;
    private readonly Linear _projection;

    /// <param name="config">The tower.</param>
    /// <param name="weights">Under <c>subsample_conv_projection</c>.</param>
    public AudioSubsampling(AudioConfig config, TensorWeights weights)
    {
        _first = new Convolution(1, config.ConvChannels[0], config.RmsNormEps, weights["layer0"]);
        _second = new Convolution(config.ConvChannels[0], config.ConvChannels[1], config.RmsNormEps, weights["layer1"]);
        _projection = weights.Linear("input_proj_linear", config.HiddenSize, MelBins / 4 * config.ConvChannels[1]);
    }

    /// <param name="frames">Log-mel frames <c>[frames, 128]</c>.</param>
    /// <returns>A new tensor <c>[T, d]</c>, T = ⌈⌈frames / 2⌉ / 2⌉; the caller owns it.</returns>
    public Tensor Forward(Tensor frames)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _second.Forward(_first.Forward(frames.unsqueeze(0).unsqueeze(0)));                     // [1, C, T, 32]
        Tensor rows = x.permute(0, 2, 3, 1).reshape(x.shape[2], -1);                                      // [T, 32·C]
        return scope.MoveToOuter(_projection.Forward(rows));
    }

    /// <summary>A 3 × 3 convolution of stride 2, LayerNorm without bias over channels, ReLU.</summary>
    private sealed class Convolution(int inChannels, int outChannels, double eps, TensorWeights weights)
    {
        private readonly Tensor _kernel = weights["conv"].Take("weight", outChannels, inChannels, 3, 3);
        private readonly Tensor _scale = weights["norm"].Take("weight", outChannels);

        public Tensor Forward(Tensor x)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor y = nn.functional.conv2d(x, _kernel, strides: [2, 2], padding: [1, 1]).permute(0, 2, 3, 1);   // [1, t, m, C]
            y = nn.functional.layer_norm(y, [outChannels], _scale, null, eps).permute(0, 3, 1, 2);
            return scope.MoveToOuter(y.relu());
        }
    }
}
