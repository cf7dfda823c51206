using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>A row as bfloat16: rounded to nearest, ties to even, and widened again.</summary>
internal static unsafe class BFloat16Row
{
    /// <summary>The definition of <see cref="Round"/>.</summary>
    public static void Reference(ReadOnlySpan<float> x, Span<ushort> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i] = BFloat16.FromSingle(x[i]);
    }

    /// <summary>Rounds a row of <paramref name="n"/>.</summary>
    public static void Round(float* x, ushort* y, int n)
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

    /// <summary>Widens a row of <paramref name="n"/>, which is exact.</summary>
    /// <param name="y">May be unaligned.</param>
    /// <param name="x">Receives the numbers.</param>
    /// <param name="n">How many.</param>
    public static void Widen(ushort* y, float* x, int n)
    {
        int i = 0;
        for (; i + 8 <= n; i += 8)
            BFloat16.Load(y + i).Store(x + i);
        for (; i < n; i++)
            x[i] = BFloat16.ToSingle(y[i]);
    }
}
