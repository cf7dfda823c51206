using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y = cap · tanh(x / cap)</c>, with the same bits at every place of a row and under every instruction set.</summary>
/// <remarks>
/// tanh is the rational function of degree 13 over 6 that Eigen and XLA use (<c>generic_fast_tanh_float</c>): 4 units in the last place at most.
/// </remarks>
internal static unsafe class Softcap
{
    /// <summary>From here on tanh is 1 in float32.</summary>
    private const float Saturation = 7.90531110763549805f;

    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> x, float cap, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i] = (float)(cap * Math.Tanh((double)x[i] / cap));
    }

    /// <summary>One row of <paramref name="n"/>; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Run(float* x, float cap, float* y, int n)
    {
        if (Vector512.IsHardwareAccelerated)
            Run<Lanes16>(x, cap, y, n);
        else if (Vector256.IsHardwareAccelerated)
            Run<Lanes8>(x, cap, y, n);
        else
            Run<Lanes4>(x, cap, y, n);
    }

    /// <summary>One row of <paramref name="n"/> in lanes of one width, then one by one.</summary>
    public static void Run<TLanes>(float* x, float cap, float* y, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int i = 0;
        for (; i + TLanes.Count <= n; i += TLanes.Count)
            Cap(TLanes.Load(x + i), cap).Store(y + i);
        for (; i < n; i++)
            Cap(Lanes1.Load(x + i), cap).Store(y + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Cap<TLanes>(TLanes x, float cap)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes limit = TLanes.Create(cap);
        TLanes z = TLanes.Clamp(x / limit, TLanes.Create(-Saturation), TLanes.Create(Saturation)), s = z * z;
        TLanes p = TLanes.Fused(s, TLanes.Create(-2.76076847742355e-16f), TLanes.Create(2.00018790482477e-13f));
        p = TLanes.Fused(s, p, TLanes.Create(-8.60467152213735e-11f));
        p = TLanes.Fused(s, p, TLanes.Create(5.12229709037114e-08f));
        p = TLanes.Fused(s, p, TLanes.Create(1.48572235717979e-05f));
        p = TLanes.Fused(s, p, TLanes.Create(6.37261928875436e-04f));
        p = TLanes.Fused(s, p, TLanes.Create(4.89352455891786e-03f));
        TLanes q = TLanes.Fused(s, TLanes.Create(1.19825839466702e-06f), TLanes.Create(1.18534705686654e-04f));
        q = TLanes.Fused(s, q, TLanes.Create(2.26843463243900e-03f));
        q = TLanes.Fused(s, q, TLanes.Create(4.89352518554385e-03f));
        return limit * (z * p / q);
    }
}
