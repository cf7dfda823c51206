using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels;

/// <summary><c>scores[m, j] = q[m] · k[j]</c> for some queries and some keys.</summary>
/// <remarks>
/// A score is one accumulator of eight lanes that walks the H numbers in order, then the sum of its lanes: it does not depend, to the last bit,
/// on the queries and keys beside it. <see cref="Reference"/> sums in double, in order.
/// </remarks>
internal static unsafe class AttentionScores
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> q, ReadOnlySpan<float> k, Span<float> scores, int h, int stride)
    {
        for (int m = 0; m < q.Length / h; m++)
        {
            for (int j = 0; j < k.Length / h; j++)
            {
                double sum = 0;
                for (int i = 0; i < h; i++)
                    sum += (double)q[m * h + i] * k[j * h + i];
                scores[m * stride + j] = (float)sum;
            }
        }
    }

    /// <summary>All pairs.</summary>
    /// <param name="q"><c>[M, H]</c>.</param>
    /// <param name="numQueries">M.</param>
    /// <param name="k"><c>[J, H]</c>.</param>
    /// <param name="numKeys">J.</param>
    /// <param name="scores">Receives <c>[M, J]</c>.</param>
    /// <param name="h">H, a multiple of 8.</param>
    /// <param name="stride">Distance of two queries in <paramref name="scores"/>.</param>
    public static void Run(float* q, int numQueries, float* k, int numKeys, float* scores, int h, int stride)
    {
        int m = 0;
        for (; m + 4 <= numQueries; m += 4)
        {
            int j = 0;
            for (; Vector512.IsHardwareAccelerated && j + 4 <= numKeys; j += 4)
                Tile4x4(q + (long)m * h, k + (long)j * h, scores + (long)m * stride + j, h, stride);
            for (; j + 2 <= numKeys; j += 2)
                Tile4x2(q + (long)m * h, k + (long)j * h, scores + (long)m * stride + j, h, stride, 1);
            if (j < numKeys)
                Tile4x1(q + (long)m * h, k + (long)j * h, scores + (long)m * stride + j, h, stride);
        }
        for (; m + 2 <= numQueries; m += 2)
        {
            int j = 0;
            for (; j + 4 <= numKeys; j += 4)
                Tile4x2(k + (long)j * h, q + (long)m * h, scores + (long)m * stride + j, h, 1, stride);
            for (; j < numKeys; j++)
            {
                scores[(long)m * stride + j] = Dot(q + (long)m * h, k + (long)j * h, h);
                scores[(m + 1L) * stride + j] = Dot(q + (m + 1L) * h, k + (long)j * h, h);
            }
        }
        if (m < numQueries)
        {
            int j = 0;
            for (; j + 4 <= numKeys; j += 4)
                Tile4x1(k + (long)j * h, q + (long)m * h, scores + (long)m * stride + j, h, 1);
            for (; j < numKeys; j++)
                scores[(long)m * stride + j] = Dot(q + (long)m * h, k + (long)j * h, h);
        }
    }

    /// <summary>Two keys in each vector of 16 lanes, so that a score is the same eight lanes as elsewhere.</summary>
    private static void Tile4x4(float* q, float* k, float* scores, int h, int stride)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        float* q1 = q + h, q2 = q1 + h, q3 = q2 + h, k1 = k + h, k2 = k1 + h, k3 = k2 + h;
        for (int i = 0; i < h; i += 8)
        {
            Vector512<float> u = Vector512.Create(Vector256.Load(k + i), Vector256.Load(k1 + i)), v = Vector512.Create(Vector256.Load(k2 + i), Vector256.Load(k3 + i));
            Vector512<float> x = Both(q + i);
            a0 = Vector512.FusedMultiplyAdd(x, u, a0);
            b0 = Vector512.FusedMultiplyAdd(x, v, b0);
            x = Both(q1 + i);
            a1 = Vector512.FusedMultiplyAdd(x, u, a1);
            b1 = Vector512.FusedMultiplyAdd(x, v, b1);
            x = Both(q2 + i);
            a2 = Vector512.FusedMultiplyAdd(x, u, a2);
            b2 = Vector512.FusedMultiplyAdd(x, v, b2);
            x = Both(q3 + i);
            a3 = Vector512.FusedMultiplyAdd(x, u, a3);
            b3 = Vector512.FusedMultiplyAdd(x, v, b3);
        }
        Store(scores, a0, b0);
        Store(scores + stride, a1, b1);
        Store(scores + 2 * stride, a2, b2);
        Store(scores + 3 * stride, a3, b3);
    }

    /// <summary>Four rows against two; products commute, so which side is the queries makes no difference to a score.</summary>
    private static void Tile4x2(float* four, float* two, float* scores, int h, int fourStride, int twoStride)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        float* f1 = four + h, f2 = f1 + h, f3 = f2 + h, t1 = two + h;
        for (int i = 0; i < h; i += 8)
        {
            Vector256<float> u = Vector256.Load(two + i), v = Vector256.Load(t1 + i), x = Vector256.Load(four + i);
            a0 = Vector256.FusedMultiplyAdd(x, u, a0);
            b0 = Vector256.FusedMultiplyAdd(x, v, b0);
            x = Vector256.Load(f1 + i);
            a1 = Vector256.FusedMultiplyAdd(x, u, a1);
            b1 = Vector256.FusedMultiplyAdd(x, v, b1);
            x = Vector256.Load(f2 + i);
            a2 = Vector256.FusedMultiplyAdd(x, u, a2);
            b2 = Vector256.FusedMultiplyAdd(x, v, b2);
            x = Vector256.Load(f3 + i);
            a3 = Vector256.FusedMultiplyAdd(x, u, a3);
            b3 = Vector256.FusedMultiplyAdd(x, v, b3);
        }
        Store(scores, a0, b0, twoStride);
        Store(scores + fourStride, a1, b1, twoStride);
        Store(scores + 2 * fourStride, a2, b2, twoStride);
        Store(scores + 3 * fourStride, a3, b3, twoStride);
    }

    /// <summary>Four rows against one; products commute, so which side has four makes no difference to a score.</summary>
    private static void Tile4x1(float* four, float* one, float* scores, int h, int stride)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        float* f1 = four + h, f2 = f1 + h, f3 = f2 + h;
        for (int i = 0; i < h; i += 8)
        {
            Vector256<float> x = Vector256.Load(one + i);
            a0 = Vector256.FusedMultiplyAdd(x, Vector256.Load(four + i), a0);
            a1 = Vector256.FusedMultiplyAdd(x, Vector256.Load(f1 + i), a1);
            a2 = Vector256.FusedMultiplyAdd(x, Vector256.Load(f2 + i), a2);
            a3 = Vector256.FusedMultiplyAdd(x, Vector256.Load(f3 + i), a3);
        }
        scores[0] = Vector256.Sum(a0);
        scores[stride] = Vector256.Sum(a1);
        scores[2 * stride] = Vector256.Sum(a2);
        scores[3 * stride] = Vector256.Sum(a3);
    }

    private static float Dot(float* q, float* k, int h)
    {
        Vector256<float> a = default;
        for (int i = 0; i < h; i += 8)
            a = Vector256.FusedMultiplyAdd(Vector256.Load(q + i), Vector256.Load(k + i), a);
        return Vector256.Sum(a);
    }

    /// <summary>The same eight numbers in both halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Both(float* x) => Avx512DQ.IsSupported ? Avx512DQ.BroadcastVector256ToVector512(x) : Vector512.Create(Vector256.Load(x), Vector256.Load(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* scores, Vector512<float> a, Vector512<float> b)
    {
        Store(scores, a.GetLower(), a.GetUpper(), 1);
        Store(scores + 2, b.GetLower(), b.GetUpper(), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* scores, Vector256<float> a, Vector256<float> b, int distance)
    {
        scores[0] = Vector256.Sum(a);
        scores[distance] = Vector256.Sum(b);
    }
}
