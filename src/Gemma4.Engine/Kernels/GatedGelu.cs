using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y = gelu(gate) · up</c> over one row, with the tanh form of GELU and the same bits at every place and under every instruction set.</summary>
/// <remarks>
/// <c>x/2 · (1 + tanh u)</c> is <c>x / (1 + e⁻²ᵘ)</c>, where nothing cancels; <c>u = √(2/π) · (x + 0.044715 x³)</c>
/// (Hendrycks and Gimpel 2016, section 2). libtorch's own rounds the last elements of a tensor by other code than the rest where it has
/// 512-bit vectors, so what a row gives would depend on the rows behind it.
/// </remarks>
internal static unsafe class GatedGelu
{
    private const float MinusTwoRoots = -1.5957691216f;      // −2 · √(2/π)

    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            double x = gate[i], u = Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
            y[i] = (float)(x / (1 + Math.Exp(-2 * u)) * up[i]);
        }
    }

    /// <summary>One row of <paramref name="n"/>.</summary>
    public static void Run(float* gate, float* up, float* y, int n)
    {
        if (Vector512.IsHardwareAccelerated)
            Run<Lanes16>(gate, up, y, n);
        else if (Vector256.IsHardwareAccelerated)
            Run<Lanes8>(gate, up, y, n);
        else
            Run<Lanes4>(gate, up, y, n);
    }

    /// <summary>One row of <paramref name="n"/> in lanes of one width, then one by one.</summary>
    public static void Run<TLanes>(float* gate, float* up, float* y, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int i = 0;
        for (; i + TLanes.Count <= n; i += TLanes.Count)
            (Gelu(TLanes.Load(gate + i)) * TLanes.Load(up + i)).Store(y + i);
        for (; i < n; i++)
            (Gelu(Lanes1.Load(gate + i)) * Lanes1.Load(up + i)).Store(y + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Gelu<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes one = TLanes.Create(1f);
        TLanes minusTwoU = x * TLanes.Create(MinusTwoRoots) * TLanes.Fused(x * x, TLanes.Create(0.044715f), one);
        return x / (one + Exponential.Of(minusTwoU));
    }
}
