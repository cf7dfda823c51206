using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Stored weights as tensors.</summary>
internal static unsafe class WeightTensor
{
    /// <summary>Numbers of a quantised weight that are decoded at a time.</summary>
    private const int NumbersAtOnce = 1 << 22;

    /// <summary>A weight on a device. In host memory a weight that is stored in the wanted dtype is the mapped file itself.</summary>
    /// <returns>A tensor outside every dispose scope, on the meta device where there is no data; the caller owns it.</returns>
    public static Tensor Create(StoredWeight weight, ScalarType dtype, Device device)
    {
        if (weight.Data is null)
            return empty(weight.Shape.AsSpan().ToArray(), dtype: dtype, device: META).DetachFromDisposeScope();
        if (TypeOf(weight.Format) == dtype && device.type == DeviceType.CPU && (nint)weight.Data % dtype.ElementSize() == 0)
            return NativeTensor.Over(weight.Data, dtype, weight.Shape.AsSpan());
        Tensor target = empty(weight.Shape.AsSpan().ToArray(), dtype: dtype, device: device).DetachFromDisposeScope();
        Write(weight, target);
        return target;
    }

    /// <summary>Copies a weight's numbers, rounded to the target's dtype.</summary>
    /// <param name="weight">Has data.</param>
    /// <param name="target">Dense, with as many numbers.</param>
    public static void Write(StoredWeight weight, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        if (TypeOf(weight.Format) is { } stored)
        {
            using Tensor mapped = NativeTensor.Over(weight.Data, stored, weight.Shape.AsSpan());
            target.copy_(mapped.view(target.shape));
            return;
        }
        Tensor rows = target.view(weight.Rows, weight.Columns);
        int rowsAtOnce = Math.Max(1, NumbersAtOnce / weight.Columns);
        var numbers = new float[(long)rowsAtOnce * weight.Columns];
        for (int first = 0; first < weight.Rows; first += rowsAtOnce)
        {
            using DisposeScope part = NewDisposeScope();
            int count = Math.Min(rowsAtOnce, weight.Rows - first);
            Span<float> decoded = numbers.AsSpan(0, count * weight.Columns);
            for (int row = 0; row < count; row++)
                weight.Decode(first + row, decoded.Slice(row * weight.Columns, weight.Columns));
            fixed (float* data = decoded)
            {
                using Tensor wide = NativeTensor.Over((byte*)data, ScalarType.Float32, [count, weight.Columns]);
                rows.narrow(0, first, count).copy_(wide);
            }
        }
    }

    private static ScalarType? TypeOf(WeightFormat format) => format switch
    {
        WeightFormat.Float32 => ScalarType.Float32,
        WeightFormat.Float16 => ScalarType.Float16,
        WeightFormat.BFloat16 => ScalarType.BFloat16,
        _ => null,
    };
}
