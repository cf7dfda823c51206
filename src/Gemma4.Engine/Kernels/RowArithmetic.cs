using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Sums and multiples of rows; every number is rounded once, so all widths give the same bits.</summary>
internal static unsafe class RowArithmetic
{
    /// <summary><c>y ← y + x</c> over <paramref name="n"/> numbers.</summary>
    public static void Add(float* x, float* y, int n)
    {
        int i = 0;
        for (; i + 8 <= n; i += 8)
            (Vector256.Load(y + i) + Vector256.Load(x + i)).Store(y + i);
        for (; i < n; i++)
            y[i] += x[i];
    }

    /// <summary><c>x ← factor · x</c> over <paramref name="n"/> numbers.</summary>
    public static void Scale(float* x, float factor, int n)
    {
        Vector256<float> factors = Vector256.Create(factor);
        int i = 0;
        for (; i + 8 <= n; i += 8)
            (Vector256.Load(x + i) * factors).Store(x + i);
        for (; i < n; i++)
            x[i] *= factor;
    }

    /// <summary><c>y ← y + factor · x</c>, rounded once, over <paramref name="n"/> numbers.</summary>
    public static void AddScaled(float* x, float factor, float* y, int n)
    {
        Vector256<float> factors = Vector256.Create(factor);
        int i = 0;
        for (; i + 8 <= n; i += 8)
            Vector256.FusedMultiplyAdd(Vector256.Load(x + i), factors, Vector256.Load(y + i)).Store(y + i);
        for (; i < n; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
    }
}
