using System.Collections.Immutable;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Turns images into soft tokens: patch embedding, encoder, 3 × 3 pooling, projection. Images of any size run together, unpadded.</summary>
internal sealed class VisionTower
{
    private readonly VisionConfig _config;
    private readonly Linear _inputProj;
    private readonly Tensor _positions;          // [2, positions, d]
    private readonly Tensor? _stdBias;           // [d]
    private readonly Tensor? _stdScale;          // [d]
    private readonly SoftTokenProjection _projection;
    private readonly Scalar _minusHalf = (-0.5).ToScalar();
    private readonly Scalar _two = 2.ToScalar();
    private readonly Scalar _rootSize;
    private readonly int _rowsPerSlice;

    /// <param name="config">The tower.</param>
    /// <param name="hiddenSize">Width of the text model, D.</param>
    /// <param name="source">The checkpoint.</param>
    public VisionTower(VisionConfig config, int hiddenSize, TensorSource source)
    {
        TensorWeights weights = source.At("model.vision_tower");
        _config = config;
        _rootSize = Math.Sqrt(config.HiddenSize).ToScalar();
        (Device, Dtype, _rowsPerSlice) = (source.Device, source.Dtype, source.RowsPerSlice);
        _inputProj = weights["patch_embedder"].Linear("input_proj", config.HiddenSize, config.PatchValues);
        _positions = weights["patch_embedder"].Take("position_embedding_table", 2, config.NumPositions, config.HiddenSize);
        Layers = [.. Enumerable.Range(0, config.NumLayers).Select(i => new VisionLayer(config, weights["encoder"]["layers"][i]))];
        if (config.Standardizes)
        {
            _stdBias = weights.Take("std_bias", config.HiddenSize);
            _stdScale = weights.Take("std_scale", config.HiddenSize);
        }
        _projection = new SoftTokenProjection(config.HiddenSize, hiddenSize, config.RmsNormEps, source.At("model.embed_vision"));
    }

    /// <summary>Where it computes.</summary>
    public Device Device { get; }

    /// <summary>Dtype of its states.</summary>
    public ScalarType Dtype { get; }

    /// <summary>The encoder's layers.</summary>
    public ImmutableArray<VisionLayer> Layers { get; }

    /// <summary>Begins to encode images.</summary>
    /// <param name="images">At least one; sides are multiples of the pooling size.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="ArgumentException">An image is no grid of patches, or none that the tower can take.</exception>
    public VisionPass Begin(IReadOnlyList<ImagePatches> images) =>
        new(_config, this, images, _rowsPerSlice);

    /// <summary>Angles of every patch; the caller owns them.</summary>
    public AxialAngles Angles(VisionLayout layout) => Layers[0].Attention.Angles(layout, Dtype);

    /// <summary>Embeds some rows of patches.</summary>
    /// <returns>A new tensor <c>[R, d]</c>; the caller owns it.</returns>
    public Tensor Embed(IReadOnlyList<ImagePatches> images, VisionLayout layout, int firstRow, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = tensor(Pixels(images, layout, firstRow, count), device: Device).view(-1, _config.PatchValues);           // [R, 768]
        Tensor x = _inputProj.Forward((pixels.Plus(_minusHalf) * _two).to(Dtype));                                              // [R, d]
        Tensor columns = layout.X.narrow(0, firstRow, count), rows = layout.Y.narrow(0, firstRow, count);
        return scope.MoveToOuter(x.Plus(_positions[0].index_select(0, columns).Plus(_positions[1].index_select(0, rows))));
    }

    /// <summary>Makes soft tokens of the last layer's states.</summary>
    /// <param name="x"><c>[S, d]</c>. Not modified.</param>
    /// <param name="layout">Which rows are whose.</param>
    /// <returns>Soft tokens of all images end to end, <c>[M, D]</c>; the caller owns them.</returns>
    public Tensor Project(Tensor x, VisionLayout layout)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pooled = cat([.. layout.Images.Select(image => Pool(x, image))], 0);                       // [M, d]
        if (_stdBias is not null)
            pooled = pooled.Minus(_stdBias) * _stdScale!;
        return scope.MoveToOuter(_projection.Forward(pooled));
    }

    private float[] Pixels(IReadOnlyList<ImagePatches> images, VisionLayout layout, int firstRow, int count)
    {
        int patch = _config.PatchValues;
        var pixels = new float[count * patch];
        foreach (ImageRows rows in layout.Within(firstRow, count))
        {
            images[rows.ImageIndex].Values.Span.Slice((rows.FirstRow - rows.Image.FirstRow) * patch, rows.Count * patch)
                .CopyTo(pixels.AsSpan((rows.FirstRow - firstRow) * patch));
        }
        return pixels;
    }

    /// <summary>Averages squares of patches in float32 and scales by √d.</summary>
    private Tensor Pool(Tensor x, ImageGrid image)
    {
        using DisposeScope scope = NewDisposeScope();
        int k = _config.PoolingSize;
        Tensor squares = x.narrow(0, image.FirstRow, image.NumPatches).view(image.Rows / k, k, image.Columns / k, k, _config.HiddenSize);
        Tensor mean = squares.to(ScalarType.Float32).mean([1, 3]).view(-1, _config.HiddenSize);           // [M, d]
        return scope.MoveToOuter(mean.to(Dtype) * _rootSize);
    }
}
