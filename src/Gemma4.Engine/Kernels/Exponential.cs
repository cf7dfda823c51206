using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y = eˣ</c>, to 1.5 units in the last place, with the same bits at every place of a row and under every instruction set.</summary>
/// <remarks>
/// <c>eˣ = 2ⁿ · eʳ</c> with <c>n = round(x / ln 2)</c> and |r| ≤ ln 2 / 2; ln 2 is subtracted in two parts (Cody and Waite 1980) and eʳ is the
/// polynomial of Cephes' <c>expf</c>. Results below the smallest number become 0, above the largest infinity.
/// </remarks>
internal static unsafe class Exponential
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i] = (float)Math.Exp(x[i]);
    }

    /// <summary>eˣ of one number.</summary>
    public static float Of(float x) => Of(Lanes1.Create(x)).Value;

    /// <summary>One row; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Run(ReadOnlySpan<float> x, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, x.Length, nameof(y));
        fixed (float* source = x, target = y)
        {
            if (Vector512.IsHardwareAccelerated)
                Run<Lanes16>(source, target, x.Length);
            else if (Vector256.IsHardwareAccelerated)
                Run<Lanes8>(source, target, x.Length);
            else
                Run<Lanes4>(source, target, x.Length);
        }
    }

    /// <summary>One row of <paramref name="n"/> in lanes of one width, then one by one.</summary>
    public static void Run<TLanes>(float* x, float* y, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int i = 0;
        for (; i + TLanes.Count <= n; i += TLanes.Count)
            Of(TLanes.Load(x + i)).Store(y + i);
        for (; i < n; i++)
            Of(Lanes1.Load(x + i)).Store(y + i);
    }

    /// <summary>eˣ of every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes shift = TLanes.Create(12582912f);      // 1.5 · 2²³: adding it rounds to a whole number, which then stands in the low bits
        x = TLanes.Clamp(x, TLanes.Create(-104f), TLanes.Create(89f));
        TLanes shifted = TLanes.Fused(x, TLanes.Create(1.44269504f), shift), n = shifted - shift;
        TLanes r = TLanes.Fused(n, TLanes.Create(-0.693359375f), x);
        r = TLanes.Fused(n, TLanes.Create(2.12194440e-4f), r);
        TLanes p = TLanes.Fused(TLanes.Create(1.9875691500e-4f), r, TLanes.Create(1.3981999507e-3f));
        p = TLanes.Fused(p, r, TLanes.Create(8.3334519073e-3f));
        p = TLanes.Fused(p, r, TLanes.Create(4.1665795894e-2f));
        p = TLanes.Fused(p, r, TLanes.Create(1.6666665459e-1f));
        p = TLanes.Fused(p, r, TLanes.Create(5.0000001201e-1f));
        return TLanes.Scale(TLanes.Fused(p, r * r, r) + TLanes.Create(1f), shifted);
    }
}
