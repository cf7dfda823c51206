using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y[m] ← y[m] + Σⱼ weights[m, j] · v[j]</c> for some queries, in order of j.</summary>
/// <remarks>Every number of y is one chain of fused additions, so it does not depend on the queries beside it; a weight of 0 leaves it as it is.</remarks>
internal static unsafe class AttentionValues
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> weights, ReadOnlySpan<float> v, Span<float> y, int h, int stride)
    {
        for (int m = 0; m < y.Length / h; m++)
        {
            for (int i = 0; i < h; i++)
            {
                double sum = y[m * h + i];
                for (int j = 0; j < v.Length / h; j++)
                    sum += (double)weights[m * stride + j] * v[j * h + i];
                y[m * h + i] = (float)sum;
            }
        }
    }

    /// <summary>All queries.</summary>
    /// <param name="weights"><c>[M, J]</c>.</param>
    /// <param name="stride">Distance of two queries in <paramref name="weights"/>.</param>
    /// <param name="v"><c>[J, H]</c>.</param>
    /// <param name="numValues">J.</param>
    /// <param name="y"><c>[M, H]</c>.</param>
    /// <param name="numQueries">M.</param>
    /// <param name="h">H, a multiple of 8.</param>
    public static void Run(float* weights, int stride, float* v, int numValues, float* y, int numQueries, int h)
    {
        int m = 0;
        for (; m + 4 <= numQueries; m += 4)
        {
            float* w = weights + (long)m * stride, target = y + (long)m * h;
            int i = 0;
            for (; Vector512.IsHardwareAccelerated && i + 32 <= h; i += 32)
                Tile4x32(w, stride, v + i, numValues, target + i, h);
            for (; i + 16 <= h; i += 16)
                Tile4x16(w, stride, v + i, numValues, target + i, h);
            for (; i < h; i += 8)
            {
                for (int r = 0; r < 4; r++)
                    Tile1x8(w + (long)r * stride, v + i, numValues, target + (long)r * h + i, h);
            }
        }
        for (; m + 2 <= numQueries; m += 2)
        {
            float* w = weights + (long)m * stride, target = y + (long)m * h;
            int i = 0;
            for (; i + 32 <= h; i += 32)
                Tile2x32(w, stride, v + i, numValues, target + i, h);
            for (; i < h; i += 8)
            {
                Tile1x8(w, v + i, numValues, target + i, h);
                Tile1x8(w + stride, v + i, numValues, target + h + i, h);
            }
        }
        if (m < numQueries)
        {
            float* w = weights + (long)m * stride, target = y + (long)m * h;
            int i = 0;
            for (; i + 64 <= h; i += 64)
                Tile1x64(w, v + i, numValues, target + i, h);
            for (; i < h; i += 8)
                Tile1x8(w, v + i, numValues, target + i, h);
        }
    }

    private static void Tile4x32(float* w, int stride, float* v, int numValues, float* y, int h)
    {
        float* y1 = y + h, y2 = y1 + h, y3 = y2 + h;
        Vector512<float> a0 = Vector512.Load(y), a1 = Vector512.Load(y1), a2 = Vector512.Load(y2), a3 = Vector512.Load(y3);
        Vector512<float> b0 = Vector512.Load(y + 16), b1 = Vector512.Load(y1 + 16), b2 = Vector512.Load(y2 + 16), b3 = Vector512.Load(y3 + 16);
        for (int j = 0; j < numValues; j++, v += h)
        {
            Vector512<float> low = Vector512.Load(v), high = Vector512.Load(v + 16), weight = Vector512.Create(w[j]);
            a0 = Vector512.FusedMultiplyAdd(weight, low, a0);
            b0 = Vector512.FusedMultiplyAdd(weight, high, b0);
            weight = Vector512.Create(w[stride + j]);
            a1 = Vector512.FusedMultiplyAdd(weight, low, a1);
            b1 = Vector512.FusedMultiplyAdd(weight, high, b1);
            weight = Vector512.Create(w[2 * stride + j]);
            a2 = Vector512.FusedMultiplyAdd(weight, low, a2);
            b2 = Vector512.FusedMultiplyAdd(weight, high, b2);
            weight = Vector512.Create(w[3 * stride + j]);
            a3 = Vector512.FusedMultiplyAdd(weight, low, a3);
            b3 = Vector512.FusedMultiplyAdd(weight, high, b3);
        }
        Store(y, a0, b0);
        Store(y1, a1, b1);
        Store(y2, a2, b2);
        Store(y3, a3, b3);
    }

    private static void Tile4x16(float* w, int stride, float* v, int numValues, float* y, int h)
    {
        float* y1 = y + h, y2 = y1 + h, y3 = y2 + h;
        Vector256<float> a0 = Vector256.Load(y), a1 = Vector256.Load(y1), a2 = Vector256.Load(y2), a3 = Vector256.Load(y3);
        Vector256<float> b0 = Vector256.Load(y + 8), b1 = Vector256.Load(y1 + 8), b2 = Vector256.Load(y2 + 8), b3 = Vector256.Load(y3 + 8);
        for (int j = 0; j < numValues; j++, v += h)
        {
            Vector256<float> low = Vector256.Load(v), high = Vector256.Load(v + 8), weight = Vector256.Create(w[j]);
            a0 = Vector256.FusedMultiplyAdd(weight, low, a0);
            b0 = Vector256.FusedMultiplyAdd(weight, high, b0);
            weight = Vector256.Create(w[stride + j]);
            a1 = Vector256.FusedMultiplyAdd(weight, low, a1);
            b1 = Vector256.FusedMultiplyAdd(weight, high, b1);
            weight = Vector256.Create(w[2 * stride + j]);
            a2 = Vector256.FusedMultiplyAdd(weight, low, a2);
            b2 = Vector256.FusedMultiplyAdd(weight, high, b2);
            weight = Vector256.Create(w[3 * stride + j]);
            a3 = Vector256.FusedMultiplyAdd(weight, low, a3);
            b3 = Vector256.FusedMultiplyAdd(weight, high, b3);
        }
        Store(y, a0, b0);
        Store(y1, a1, b1);
        Store(y2, a2, b2);
        Store(y3, a3, b3);
    }

    /// <summary>Two queries, as layers with half as many key heads as query heads have them in a step of one token.</summary>
    private static void Tile2x32(float* w, int stride, float* v, int numValues, float* y, int h)
    {
        float* y1 = y + h;
        Vector256<float> a0 = Vector256.Load(y), a1 = Vector256.Load(y + 8), a2 = Vector256.Load(y + 16), a3 = Vector256.Load(y + 24);
        Vector256<float> b0 = Vector256.Load(y1), b1 = Vector256.Load(y1 + 8), b2 = Vector256.Load(y1 + 16), b3 = Vector256.Load(y1 + 24);
        for (int j = 0; j < numValues; j++, v += h)
        {
            Vector256<float> first = Vector256.Create(w[j]), second = Vector256.Create(w[stride + j]), x = Vector256.Load(v);
            a0 = Vector256.FusedMultiplyAdd(first, x, a0);
            b0 = Vector256.FusedMultiplyAdd(second, x, b0);
            x = Vector256.Load(v + 8);
            a1 = Vector256.FusedMultiplyAdd(first, x, a1);
            b1 = Vector256.FusedMultiplyAdd(second, x, b1);
            x = Vector256.Load(v + 16);
            a2 = Vector256.FusedMultiplyAdd(first, x, a2);
            b2 = Vector256.FusedMultiplyAdd(second, x, b2);
            x = Vector256.Load(v + 24);
            a3 = Vector256.FusedMultiplyAdd(first, x, a3);
            b3 = Vector256.FusedMultiplyAdd(second, x, b3);
        }
        Store(y, a0, a1);
        Store(y + 16, a2, a3);
        Store(y1, b0, b1);
        Store(y1 + 16, b2, b3);
    }

    /// <summary>One query: eight chains side by side, since each addition of a chain waits for the one before.</summary>
    private static void Tile1x64(float* w, float* v, int numValues, float* y, int h)
    {
        Vector256<float> a0 = Vector256.Load(y), a1 = Vector256.Load(y + 8), a2 = Vector256.Load(y + 16), a3 = Vector256.Load(y + 24);
        Vector256<float> a4 = Vector256.Load(y + 32), a5 = Vector256.Load(y + 40), a6 = Vector256.Load(y + 48), a7 = Vector256.Load(y + 56);
        for (int j = 0; j < numValues; j++, v += h)
        {
            Vector256<float> weight = Vector256.Create(w[j]);
            a0 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v), a0);
            a1 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 8), a1);
            a2 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 16), a2);
            a3 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 24), a3);
            a4 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 32), a4);
            a5 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 40), a5);
            a6 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 48), a6);
            a7 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + 56), a7);
        }
        Store(y, a0, a1);
        Store(y + 16, a2, a3);
        Store(y + 32, a4, a5);
        Store(y + 48, a6, a7);
    }

    private static void Tile1x8(float* w, float* v, int numValues, float* y, int h)
    {
        Vector256<float> a = Vector256.Load(y);
        for (int j = 0; j < numValues; j++, v += h)
            a = Vector256.FusedMultiplyAdd(Vector256.Create(w[j]), Vector256.Load(v), a);
        a.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector512<float> low, Vector512<float> high)
    {
        low.Store(y);
        high.Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector256<float> low, Vector256<float> high)
    {
        low.Store(y);
        high.Store(y + 8);
    }
}
