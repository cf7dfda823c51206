using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Root-mean-square normalisation over the last dimension, computed in float32.</summary>
/// <param name="weight">Scale <c>[D]</c> float32, or null for none; owned by the weight source.</param>
/// <param name="eps">Added to the mean square inside the root.</param>
/// <remarks>Zhang and Sennrich 2019, eq. 4. Gemma 4 scales by <c>w</c>, not <c>1 + w</c>.</remarks>
internal sealed class RmsNorm(Tensor? weight, double eps)
{
    private readonly Scalar _eps = eps.ToScalar();

    /// <summary>The scale <c>[D]</c> in float32; null where there is none.</summary>
    public Tensor? Weight => weight;

    /// <summary>Normalises.</summary>
    /// <param name="x">Activations <c>[..., D]</c>, any float dtype. Not modified.</param>
    /// <returns>A new tensor of the same shape and dtype; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        if (x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32)
            return ForwardOnCpu(x);
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = x.to(ScalarType.Float32);
        Tensor y = wide * (wide * wide).mean([-1], keepdim: true).Plus(_eps).rsqrt();
        if (weight is not null)
            y = y.mul_(weight);
        return scope.MoveToOuter(y.to(x.dtype));
    }

    private unsafe Tensor ForwardOnCpu(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = x.contiguous(), y = empty_like(dense);
        int width = (int)x.shape[^1];
        long rows = x.numel() / width;
        float* source = (float*)HostPointer.Of(dense), target = (float*)HostPointer.Of(y);
        float* scale = weight is null ? null : (float*)HostPointer.Of(weight);
        for (long row = 0; row < rows; row++)
            RmsNormRow.Run(source + row * width, scale, (float)eps, target + row * width, width);
        return scope.MoveToOuter(y);
    }
}
