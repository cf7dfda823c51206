using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>Turns a sound's log-mel frames into soft tokens of 40 ms: subsampling, conformer, projection.</summary>
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
    public AudioTower(AudioConfig config, int hiddenSize, WeightSource source)
    {
        Weights weights = source.At("model.audio_tower");
        (_device, _dtype) = (source.Device, source.Dtype);
        _subsampling = new AudioSubsampling(config, weights["subsample_conv_projection"]);
        _layers = [.. Enumerable.Range(0, config.NumLayers).Select(i => new AudioLayer(config, weights["layers"][i]))];
        _outputProj = weights.Linear("output_proj", config.OutputSize, config.HiddenSize);
        _outputBias = weights["output_proj"].Take("bias", config.OutputSize);
        _projection = new SoftTokenProjection(config.OutputSize, hiddenSize, config.RmsNormEps, source.At("model.embed_audio"));
    }

    /// <summary>Encodes one sound.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>Soft tokens <c>[M, D]</c>; the caller owns them.</returns>
    public Tensor Encode(ReadOnlySpan<float> logMel)
    {
        if (logMel.Length == 0 || logMel.Length % AudioSubsampling.MelBins != 0)
            throw new ArgumentException($"{logMel.Length} values are not frames of {AudioSubsampling.MelBins} mel bins.", nameof(logMel));
        using DisposeScope scope = NewDisposeScope();
        Tensor frames = tensor(logMel.ToArray(), device: _device).view(-1, AudioSubsampling.MelBins).to(_dtype);
        Tensor x = _subsampling.Forward(frames);                                                          // [T, d]
        foreach (AudioLayer layer in _layers)
        {
            Tensor next = layer.Forward(x);
            x.Dispose();
            x = next;
        }
        return scope.MoveToOuter(_projection.Forward(_outputProj.Forward(x).Plus(_outputBias)));
    }
}
