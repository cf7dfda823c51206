using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>The weights under one prefix of a source.</summary>
internal readonly struct Weights(WeightSource source, string prefix)
{
    public WeightSource Source => source;

    /// <summary>The weights one level deeper.</summary>
    public Weights this[string name] => new(source, $"{prefix}{name}.");

    /// <summary>The weights of one entry of a list.</summary>
    public Weights this[int index] => new(source, $"{prefix}{index}.");

    /// <summary>A tensor in the model's dtype.</summary>
    public Tensor Take(string name, params ReadOnlySpan<long> shape) => source.Take(prefix + name, source.Dtype, shape);

    /// <summary>A tensor in float32, for what is computed in float32 whatever the model's dtype.</summary>
    public Tensor TakeFloat32(string name, params ReadOnlySpan<long> shape) => source.Take(prefix + name, ScalarType.Float32, shape);

    public Linear Linear(string name, int outFeatures, int inFeatures) => source.TakeLinear(prefix + name, outFeatures, inFeatures);

    public IReadOnlyList<Linear> Linears(string name, int count, int outFeatures, int inFeatures) =>
        source.TakeLinears(prefix + name, count, outFeatures, inFeatures);

    public RowTable Rows(string name, int rows, int width) => source.TakeRows(prefix + name, rows, width);

    /// <summary>RMSNorm with its scale.</summary>
    public RmsNorm RmsNorm(string name, int width, double eps) => new(TakeFloat32($"{name}.weight", width), eps);
}
