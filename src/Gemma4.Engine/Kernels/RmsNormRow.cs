using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y = w ∘ x / √(mean(x²) + eps)</c> over one row; w may be absent.</summary>
/// <remarks>Squares are summed in four accumulators of eight lanes, where <see cref="Reference"/> sums in double, in order.</remarks>
internal static unsafe class RmsNormRow
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float eps, Span<float> y)
    {
        double sum = 0;
        foreach (float value in x)
            sum += (double)value * value;
        double scale = 1 / Math.Sqrt(sum / x.Length + eps);
        for (int i = 0; i < x.Length; i++)
            y[i] = (float)(x[i] * scale * (w.IsEmpty ? 1 : w[i]));
    }

    /// <summary>One row of <paramref name="n"/>; <paramref name="w"/> may be null.</summary>
    public static void Run(float* x, float* w, float eps, float* y, int n)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i + 32 <= n; i += 32)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + i + 8), c = Vector256.Load(x + i + 16), d = Vector256.Load(x + i + 24);
            s0 = Vector256.FusedMultiplyAdd(a, a, s0);
            s1 = Vector256.FusedMultiplyAdd(b, b, s1);
            s2 = Vector256.FusedMultiplyAdd(c, c, s2);
            s3 = Vector256.FusedMultiplyAdd(d, d, s3);
        }
        float sum = Vector256.Sum((s0 + s1) + (s2 + s3));
        for (; i < n; i++)
            sum = MathF.FusedMultiplyAdd(x[i], x[i], sum);
        float scale = 1 / MathF.Sqrt(sum / n + eps);
        Vector256<float> scales = Vector256.Create(scale);
        for (i = 0; i + 8 <= n; i += 8)
        {
            Vector256<float> scaled = Vector256.Load(x + i) * scales;
            (w is null ? scaled : scaled * Vector256.Load(w + i)).Store(y + i);
        }
        for (; i < n; i++)
            y[i] = x[i] * scale * (w is null ? 1 : w[i]);
    }
}
