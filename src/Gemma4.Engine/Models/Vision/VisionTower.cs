using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Turns pictures into soft tokens: patch embedding, encoder, 3 × 3 pooling, projection. Pictures of any size run together, unpadded.</summary>
internal sealed class VisionTower
{
    private readonly VisionConfig _config;
    private readonly Device _device;
    private readonly ScalarType _dtype;
    private readonly Linear _inputProj;
    private readonly Tensor _positions;          // [2, positions, d]
    private readonly VisionLayer[] _layers;
    private readonly Tensor? _stdBias;           // [d]
    private readonly Tensor? _stdScale;          // [d]
    private readonly SoftTokenProjection _projection;
    private readonly Scalar _minusHalf = (-0.5).ToScalar();
    private readonly Scalar _two = 2.ToScalar();
    private readonly Scalar _rootSize;

    /// <param name="config">The tower.</param>
    /// <param name="hiddenSize">Width of the text model, D.</param>
    /// <param name="source">The checkpoint.</param>
    public VisionTower(VisionConfig config, int hiddenSize, WeightSource source)
    {
        Weights weights = source.At("model.vision_tower");
        _config = config;
        _rootSize = Math.Sqrt(config.HiddenSize).ToScalar();
        (_device, _dtype) = (source.Device, source.Dtype);
        _inputProj = weights["patch_embedder"].Linear("input_proj", config.HiddenSize, config.PatchValues);
        _positions = weights["patch_embedder"].Take("position_embedding_table", 2, config.NumPositions, config.HiddenSize);
        _layers = [.. Enumerable.Range(0, config.NumLayers).Select(i => new VisionLayer(config, weights["encoder"]["layers"][i]))];
        if (config.Standardizes)
        {
            _stdBias = weights.Take("std_bias", config.HiddenSize);
            _stdScale = weights.Take("std_scale", config.HiddenSize);
        }
        _projection = new SoftTokenProjection(config.HiddenSize, hiddenSize, config.RmsNormEps, source.At("model.embed_vision"));
    }

    /// <summary>Encodes pictures.</summary>
    /// <param name="images">At least one; sides are multiples of the pooling size.</param>
    /// <returns>Soft tokens of all pictures end to end, <c>[M, D]</c>; the caller owns them.</returns>
    public Tensor Encode(IReadOnlyList<ImagePatches> images)
    {
        using DisposeScope scope = NewDisposeScope();
        VisionLayout layout = VisionLayout.Of(images, _config.PatchValues, _device);
        Tensor x = Embed(images, layout);                                                                 // [S, d]
        AxialAngles angles = _layers[0].Attention.Angles(layout, _dtype);
        foreach (VisionLayer layer in _layers)
        {
            Tensor next = layer.Forward(x, layout, angles);
            x.Dispose();
            x = next;
        }
        Tensor pooled = cat([.. layout.Images.Select(image => Pool(x, image))], 0);                       // [M, d]
        if (_stdBias is not null)
            pooled = pooled.Minus(_stdBias) * _stdScale!;
        return scope.MoveToOuter(_projection.Forward(pooled));
    }

    private Tensor Embed(IReadOnlyList<ImagePatches> images, VisionLayout layout)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (ImageGrid image in layout.Images)
        {
            if (Math.Max(image.Columns, image.Rows) > _config.NumPositions)
                throw new ArgumentException($"A picture of {image.Columns} × {image.Rows} patches exceeds the {_config.NumPositions} positions of the tower.", nameof(images));
        }
        Tensor pixels = cat([.. images.Select(i => tensor(i.Values.ToArray(), device: _device).view(-1, _config.PatchValues))], 0);   // [S, 768]
        Tensor x = _inputProj.Forward((pixels.Plus(_minusHalf) * _two).to(_dtype));                                   // [S, d]
        return scope.MoveToOuter(x.Plus(_positions[0].index_select(0, layout.X).Plus(_positions[1].index_select(0, layout.Y))));
    }

    /// <summary>Averages squares of patches in float32 and scales by √d.</summary>
    private Tensor Pool(Tensor x, ImageGrid image)
    {
        using DisposeScope scope = NewDisposeScope();
        int k = _config.PoolingSize;
        if (image.Columns % k != 0 || image.Rows % k != 0)
            throw new ArgumentException($"A picture of {image.Columns} × {image.Rows} patches cannot be pooled {k} × {k}.", nameof(image));
        Tensor squares = x.narrow(0, image.FirstRow, image.NumPatches).view(image.Rows / k, k, image.Columns / k, k, _config.HiddenSize);
        Tensor mean = squares.to(ScalarType.Float32).mean([1, 3]).view(-1, _config.HiddenSize);           // [M, d]
        return scope.MoveToOuter(mean.to(_dtype) * _rootSize);
    }
}
