using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Rounds float32 to bfloat16, to nearest, ties to even.</summary>
internal static unsafe class RoundToBFloat16
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> x, Span<ushort> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i] = BFloat16.FromSingle(x[i]);
    }

    /// <summary>One row of <paramref name="n"/>.</summary>
    public static void Run(float* x, ushort* y, int n)
    {
        Vector256<uint> half = Vector256.Create(0x7FFFu), one = Vector256.Create(1u);
        int i = 0;
        for (; i + 16 <= n; i += 16)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + i + 8);
            if (!Vector256.EqualsAll(a, a) || !Vector256.EqualsAll(b, b))
                break;      // what is not a number is rounded one by one
            Vector256<uint> low = a.AsUInt32(), high = b.AsUInt32();
            low = (low + half + ((low >> 16) & one)) >> 16;
            high = (high + half + ((high >> 16) & one)) >> 16;
            Vector256.Narrow(low, high).Store(y + i);
        }
        for (; i < n; i++)
            y[i] = BFloat16.FromSingle(x[i]);
    }
}
