using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Turns the first R pairs (i, i + H/2) of one head and copies the rest.</summary>
/// <remarks>Each lane is one pair; products are not fused, so <see cref="Run"/> equals <see cref="Reference"/> to the last bit.</remarks>
internal static unsafe class RotateHead
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, Span<float> y)
    {
        x.CopyTo(y);
        int half = x.Length / 2;
        for (int i = 0; i < cos.Length; i++)
        {
            y[i] = x[i] * cos[i] - x[half + i] * sin[i];
            y[half + i] = x[half + i] * cos[i] + x[i] * sin[i];
        }
    }

    /// <summary>One head of <paramref name="headDim"/> with <paramref name="pairs"/> turned; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Run(float* x, float* cos, float* sin, float* y, int headDim, int pairs)
    {
        int half = headDim / 2, i = 0;
        for (; i + 8 <= pairs; i += 8)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + half + i), c = Vector256.Load(cos + i), s = Vector256.Load(sin + i);
            (a * c - b * s).Store(y + i);
            (b * c + a * s).Store(y + half + i);
        }
        for (; i < pairs; i++)
            (y[i], y[half + i]) = (x[i] * cos[i] - x[half + i] * sin[i], x[half + i] * cos[i] + x[i] * sin[i]);
        int rest = half - pairs;
        new ReadOnlySpan<float>(x + pairs, rest).CopyTo(new Span<float>(y + pairs, rest));
        new ReadOnlySpan<float>(x + half + pairs, rest).CopyTo(new Span<float>(y + half + pairs, rest));
    }
}
