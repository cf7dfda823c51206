using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Rotary position embedding of the first R pairs (i, i + H/2) of tensors; the other pairs stand still.</summary>
/// <param name="frequencies">How far a position turns each pair.</param>
internal sealed class RotaryEmbedding(RotaryFrequencies frequencies)
{
    private readonly int _half = frequencies.HeadDim / 2;
    private readonly int _pairs = frequencies.NumPairs;

    /// <summary>Angles of some positions, computed in float32.</summary>
    /// <param name="positions"><c>[T]</c> int64 on the device.</param>
    /// <param name="dtype">Dtype of what will be turned.</param>
    /// <returns>The caller owns both tensors.</returns>
    public RotaryAngles At(Tensor positions, ScalarType dtype)
    {
        if (positions.device_type == DeviceType.CPU && dtype == ScalarType.Float32)
            return AtOnCpu(positions);
        using DisposeScope scope = NewDisposeScope();
        Tensor radians = tensor(frequencies.Radians, device: positions.device);                                             // [R]
        Tensor angles = positions.to(ScalarType.Float32).view(-1, 1, 1) * radians;                                    // [T, 1, R]
        return new RotaryAngles(scope.MoveToOuter(angles.cos().to(dtype)), scope.MoveToOuter(angles.sin().to(dtype)));
    }

    /// <summary>Turns every head of every row.</summary>
    /// <param name="x"><c>[T, n, H]</c>. Not modified.</param>
    /// <param name="angles">Angles of the T positions.</param>
    /// <returns>A new tensor <c>[T, n, H]</c>; the caller owns it.</returns>
    public Tensor Rotate(Tensor x, RotaryAngles angles)
    {
        if (x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32)
            return RotateOnCpu(x, angles);
        using DisposeScope scope = NewDisposeScope();
        Tensor y = x.clone();
        Tensor a = x.narrow(-1, 0, _pairs), b = x.narrow(-1, _half, _pairs);                                              // [T, n, R]
        y.narrow(-1, 0, _pairs).copy_((a * angles.Cos).Minus(b * angles.Sin));
        y.narrow(-1, _half, _pairs).copy_((b * angles.Cos).Plus(a * angles.Sin));
        return scope.MoveToOuter(y);
    }

    private unsafe RotaryAngles AtOnCpu(Tensor positions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = positions.contiguous(), cos = empty([positions.shape[0], 1, _pairs]), sin = empty_like(cos);
        long* position = (long*)HostPointer.Of(dense);
        float* c = (float*)HostPointer.Of(cos), s = (float*)HostPointer.Of(sin);
        for (long row = 0, at = 0; row < positions.shape[0]; row++)
        {
            for (int i = 0; i < _pairs; i++, at++)
                (s[at], c[at]) = SineCosine.Of(position[row] * frequencies.Radians[i]);
        }
        return new RotaryAngles(scope.MoveToOuter(cos), scope.MoveToOuter(sin));
    }

    private unsafe Tensor RotateOnCpu(Tensor x, RotaryAngles angles)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = x.contiguous(), y = empty_like(dense);
        int heads = (int)x.shape[1], headDim = 2 * _half;
        float* source = (float*)HostPointer.Of(dense), target = (float*)HostPointer.Of(y);
        float* cos = (float*)HostPointer.Of(angles.Cos), sin = (float*)HostPointer.Of(angles.Sin);
        long rows = x.shape[0] * heads;
        for (long row = 0; row < rows; row++)
        {
            long angle = row / heads * _pairs;
            RotateHead.Run(source + row * headDim, cos + angle, sin + angle, target + row * headDim, headDim, _pairs);
        }
        return scope.MoveToOuter(y);
    }
}

/// <summary>Cosines and sines of T positions, each <c>[T, 1, R]</c>.</summary>
internal readonly record struct RotaryAngles(Tensor Cos, Tensor Sin);
