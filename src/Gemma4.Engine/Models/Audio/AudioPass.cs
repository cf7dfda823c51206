using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>An audio clip on its way through the audio tower. A slice is a layer: its convolutions and chunks mix neighbouring frames, and 30 s
/// are few rows.</summary>
/// <param name="tower">Borrowed.</param>
/// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
internal sealed class AudioPass(AudioTower tower, ReadOnlyMemory<float> logMel) : IEncoderPass
{
    private Tensor? _x;       // [T, d]
    private int _layer;

    /// <inheritdoc/>
    public float[]? Advance()
    {
        using DisposeScope scope = NewDisposeScope();
        if (_x is null)
        {
            _x = tower.Embed(logMel.Span).DetachFromDisposeScope();
            return null;
        }
        Tensor next = tower.Forward(_layer, _x).DetachFromDisposeScope();
        _x.Dispose();
        _x = next;
        return ++_layer < tower.NumLayers ? null : HostCopy.ToArray(tower.Project(_x));
    }

    /// <inheritdoc/>
    public void Dispose() => _x?.Dispose();
}
