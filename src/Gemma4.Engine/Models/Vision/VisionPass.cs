using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Images on their way through the vision tower. A slice is some rows of one layer, whichever images they belong to.</summary>
/// <remarks>
/// A row needs the keys and values of its whole image and nothing else of the layer. So slice by slice a layer's rows are replaced by its
/// outputs, and the keys and values that the next layer will want are made from them at once: slices all cost about the same.
/// </remarks>
internal sealed class VisionPass : IEncoderPass
{
    private readonly VisionConfig _config;
    private readonly VisionTower _tower;
    private readonly IReadOnlyList<ImagePatches> _images;
    private readonly VisionLayout _layout;
    private readonly AxialAngles _angles;         // of every patch
    private readonly Tensor _x;                   // [S, d]
    private readonly int _rowsPerSlice;
    private KeysValues _current;                  // of the layer under way
    private KeysValues _next;                     // of the layer after it
    private int _layer = -1;                      // before the first layer patches are embedded
    private int _row;

    /// <param name="config">The tower's.</param>
    /// <param name="tower">Borrowed.</param>
    /// <param name="images">At least one; sides are multiples of the pooling size.</param>
    /// <param name="rowsPerSlice">Patches of a slice.</param>
    public VisionPass(VisionConfig config, VisionTower tower, IReadOnlyList<ImagePatches> images, int rowsPerSlice)
    {
        _config = config;
        _tower = tower;
        _images = images;
        _rowsPerSlice = rowsPerSlice;
        _layout = VisionLayout.Of(images, config, tower.Device);
        _angles = tower.Angles(_layout);
        _x = empty([_layout.NumPatches, config.HiddenSize], dtype: tower.Dtype, device: tower.Device).DetachFromDisposeScope();
        _current = KeysValues.Empty(config, _layout.NumPatches, tower.Dtype, tower.Device);
        _next = KeysValues.Empty(config, _layout.NumPatches, tower.Dtype, tower.Device);
    }

    /// <inheritdoc/>
    public float[]? Advance()
    {
        using DisposeScope scope = NewDisposeScope();
        int count = Math.Min(_rowsPerSlice, _layout.NumPatches - _row);
        AxialAngles angles = _angles.Rows(_row, count);
        Tensor x = _x.narrow(0, _row, count);                                                    // [R, d], a view
        x.copy_(_layer < 0
            ? _tower.Embed(_images, _layout, _row, count)
            : _tower.Layers[_layer].Forward(x, _current, _layout, _row, angles));
        if (_layer + 1 < _config.NumLayers)
            _tower.Layers[_layer + 1].WriteKeysValues(x, angles, _next, _row);
        _row += count;
        if (_row < _layout.NumPatches)
            return null;
        _row = 0;
        (_current, _next) = (_next, _current);
        return ++_layer < _config.NumLayers ? null : HostCopy.ToArray(_tower.Project(_x, _layout));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _layout.Dispose();
        _angles.Dispose();
        _x.Dispose();
        _current.Dispose();
        _next.Dispose();
    }
}
