using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>Turns the log-mel frames of an audio clip into soft tokens of 40 ms: subsampling, conformer, projection.</summary>
internal sealed class AudioTower
{
    private readonly Device _device;
    private readonly ScalarType _dtype;
    private readonly AudioSubsampling _subsampling;
    private readonly AudioLayer[] _layers;
    private readonly Linear _outputProj;
    private readonly Tensor _outputBias;      // [output]
    private readonly SoftTokenProjection _projection;

    /// <param name="config">The tower.</param>
    /// <param name="hiddenSize">Width of the text model, D.</param>
    /// <param name="source">The checkpoint.</param>
    public AudioTower(AudioConfig config, int hiddenSize, TensorSource source)
    {
        TensorWeights weights = source.At("model.audio_tower");
        (_device, _dtype) = (source.Device, source.Dtype);
        _subsampling = new AudioSubsampling(config, weights["subsample_conv_projection"]);
        _layers = [.. Enumerable.Range(0, config.NumLayers).Select(i => new AudioLayer(config, weights["layers"][i]))];
        _outputProj = weights.Linear("output_proj", config.OutputSize, config.HiddenSize);
        _outputBias = weights["output_proj"].Take("bias", config.OutputSize);
        _projection = new SoftTokenProjection(config.OutputSize, hiddenSize, config.RmsNormEps, source.At("model.embed_audio"));
    }

    /// <summary>Layers of the conformer.</summary>
    public int NumLayers => _layers.Length;

    /// <summary>Begins to encode one audio clip.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="ArgumentException">These are no frames.</exception>
    public AudioPass Begin(ReadOnlyMemory<float> logMel)
    {
        if (logMel.Length == 0 || logMel.Length % AudioSubsampling.MelBins != 0)
            throw new ArgumentException($"{logMel.Length} values are not frames of {AudioSubsampling.MelBins} mel bins.", nameof(logMel));
        return new AudioPass(this, logMel);
    }

    /// <summary>What the first layer reads.</summary>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Embed(ReadOnlySpan<float> logMel)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor frames = tensor(logMel.ToArray(), device: _device).view(-1, AudioSubsampling.MelBins).to(_dtype);
        return scope.MoveToOuter(_subsampling.Forward(frames));
    }

    /// <summary>Computes one layer.</summary>
    /// <param name="layer">Its index.</param>
    /// <param name="x"><c>[T, d]</c>. Not modified.</param>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Forward(int layer, Tensor x) => _layers[layer].Forward(x);

    /// <summary>Makes soft tokens of the last layer's states.</summary>
    /// <param name="x"><c>[T, d]</c>. Not modified.</param>
    /// <returns><c>[M, D]</c>; the caller owns them.</returns>
    public Tensor Project(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return scope.MoveToOuter(_projection.Forward(_outputProj.Forward(x).Plus(_outputBias)));
    }
}
