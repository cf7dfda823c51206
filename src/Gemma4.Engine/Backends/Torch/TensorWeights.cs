using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The weights under one prefix of a source.</summary>
internal readonly struct TensorWeights(TensorSource source, string prefix)
{
    /// <summary>Where they come from.</summary>
    public TensorSource Source => source;

    /// <summary>The weights one level deeper.</summary>
    public TensorWeights this[string name] => new(source, $"{prefix}{name}.");

    /// <summary>The weights of one entry of a list.</summary>
    public TensorWeights this[int index] => new(source, $"{prefix}{index}.");

    /// <summary>A tensor in the dtype of activations.</summary>
    public Tensor Take(string name, params ReadOnlySpan<long> shape) => source.Take(prefix + name, source.Dtype, shape);

    /// <summary>A tensor in float32, for what is computed in float32 whatever the dtype of activations.</summary>
    public Tensor TakeFloat32(string name, params ReadOnlySpan<long> shape) => source.Take(prefix + name, ScalarType.Float32, shape);

    /// <summary>A product with <paramref name="name"/><c>.weight</c>.</summary>
    public Linear Linear(string name, int outFeatures, int inFeatures) => source.TakeLinear(prefix + name, outFeatures, inFeatures);

    /// <summary>RMSNorm with its scale, in float32.</summary>
    public RmsNorm RmsNorm(string name, int width, double eps) => new(source.Take($"{prefix}{name}.weight", ScalarType.Float32, [width]), eps);
}
