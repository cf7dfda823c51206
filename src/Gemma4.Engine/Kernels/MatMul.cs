using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels;

/// <summary><c>y = x · Wᵀ</c> with float32 activations over weights in float32 or bfloat16, widened as they are read.</summary>
/// <remarks>
/// Every output has one accumulator of eight lanes that walks the columns in order, whatever tile it is computed in; then the lanes
/// are added and the columns beyond the last eight follow. So a row's result does not depend, to the last bit, on the number of rows beside
/// it nor on who computes it. <see cref="Reference"/> sums in double, in order.
/// </remarks>
internal static unsafe class MatMul
{
    /// <summary>Activations that a tile's rows share stay within this many bytes, so that they are read again from the second-level cache.</summary>
    private const int BlockBytes = 256 * 1024;

    /// <summary>Tokens that always share one reading of the weights: a small batch must not read them from memory twice.</summary>
    private const int MinBlockTokens = 12;

    private const int CacheLineBytes = 64;

    /// <summary>So many bytes of activations and of eight rows stay in the first-level cache until they are used.</summary>
    private const int NearBytes = 32 * 1024;

    /// <summary>The definition.</summary>
    /// <param name="x"><c>[T, in]</c>.</param>
    /// <param name="w"><c>[out, in]</c>.</param>
    /// <param name="y">Receives <c>[T, out]</c>.</param>
    /// <param name="inFeatures">Columns of the weight.</param>
    public static void Reference<TFloat, T>(ReadOnlySpan<float> x, ReadOnlySpan<T> w, Span<float> y, int inFeatures)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        int tokens = x.Length / inFeatures, rows = w.Length / inFeatures;
        for (int t = 0; t < tokens; t++)
        {
            for (int row = 0; row < rows; row++)
            {
                double sum = 0;
                for (int i = 0; i < inFeatures; i++)
                    sum += (double)x[t * inFeatures + i] * TFloat.ToSingle(w[row * inFeatures + i]);
                y[t * rows + row] = (float)sum;
            }
        }
    }

    /// <summary>Some rows of the weight against all tokens.</summary>
    /// <param name="x"><c>[T, in]</c>.</param>
    /// <param name="w">The first of the rows, dense rows of <paramref name="inFeatures"/>.</param>
    /// <param name="y">Where the first row's first result goes.</param>
    /// <param name="tokens">T.</param>
    /// <param name="rows">Rows of the weight.</param>
    /// <param name="inFeatures">Columns of the weight.</param>
    /// <param name="outFeatures">Distance of two tokens in <paramref name="y"/>.</param>
    public static void Run<TFloat, T>(float* x, T* w, float* y, int tokens, int rows, int inFeatures, int outFeatures)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        int block = Math.Max(MinBlockTokens, BlockBytes / (inFeatures * sizeof(float)) / 3 * 3);
        for (int first = 0; first < tokens; first += block)
        {
            float* xs = x + (long)first * inFeatures, ys = y + (long)first * outFeatures;
            int count = Math.Min(block, tokens - first), row = 0;
            for (; row + 4 <= rows; row += 4)
            {
                T* ws = w + (long)row * inFeatures;
                int t = 0;
                for (; t + 3 <= count; t += 3)
                    Tile4x3<TFloat, T>(xs + (long)t * inFeatures, ws, ys + (long)t * outFeatures + row, inFeatures, outFeatures);
                for (; t + 2 <= count; t += 2)
                    Tile4x2<TFloat, T>(xs + (long)t * inFeatures, ws, ys + (long)t * outFeatures + row, inFeatures, outFeatures);
                for (; t < count; t++)
                {
                    float* x1 = xs + (long)t * inFeatures, y1 = ys + (long)t * outFeatures + row;
                    if (AreNear<T>(inFeatures, tokens: 1))
                    {
                        Tile4x1<TFloat, T>(x1, ws, y1, inFeatures);
                    }
                    else
                    {
                        Tile2x1<TFloat, T>(x1, ws, y1, inFeatures);
                        Tile2x1<TFloat, T>(x1, ws + 2L * inFeatures, y1 + 2, inFeatures);
                    }
                }
            }
            for (; row < rows; row++)
            {
                for (int t = 0; t < count; t++)
                    ys[(long)t * outFeatures + row] = Dot<TFloat, T>(xs + (long)t * inFeatures, w + (long)row * inFeatures, inFeatures);
            }
        }
    }

    /// <summary>Four rows of the weight, three tokens: twelve accumulators, three vectors of activations, one of weights.</summary>
    private static void Tile4x3<TFloat, T>(float* x, T* w, float* y, int n, int stride)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        Vector256<float> a00 = default, a01 = default, a02 = default, a10 = default, a11 = default, a12 = default;
        Vector256<float> a20 = default, a21 = default, a22 = default, a30 = default, a31 = default, a32 = default;
        float* x1 = x + n, x2 = x1 + n;
        T* w1 = w + n, w2 = w1 + n, w3 = w2 + n;
        int i = 0;
        for (; i + 8 <= n; i += 8)
        {
            Prefetch(w, i, n, tokens: 3);
            Vector256<float> v0 = Vector256.Load(x + i), v1 = Vector256.Load(x1 + i), v2 = Vector256.Load(x2 + i);
            Vector256<float> u = TFloat.Load(w + i);
            a00 = Vector256.FusedMultiplyAdd(u, v0, a00);
            a01 = Vector256.FusedMultiplyAdd(u, v1, a01);
            a02 = Vector256.FusedMultiplyAdd(u, v2, a02);
            u = TFloat.Load(w1 + i);
            a10 = Vector256.FusedMultiplyAdd(u, v0, a10);
            a11 = Vector256.FusedMultiplyAdd(u, v1, a11);
            a12 = Vector256.FusedMultiplyAdd(u, v2, a12);
            u = TFloat.Load(w2 + i);
            a20 = Vector256.FusedMultiplyAdd(u, v0, a20);
            a21 = Vector256.FusedMultiplyAdd(u, v1, a21);
            a22 = Vector256.FusedMultiplyAdd(u, v2, a22);
            u = TFloat.Load(w3 + i);
            a30 = Vector256.FusedMultiplyAdd(u, v0, a30);
            a31 = Vector256.FusedMultiplyAdd(u, v1, a31);
            a32 = Vector256.FusedMultiplyAdd(u, v2, a32);
        }
        float* y1 = y + stride, y2 = y1 + stride;
        y[0] = Finish<TFloat, T>(a00, x, w, i, n);
        y[1] = Finish<TFloat, T>(a10, x, w1, i, n);
        y[2] = Finish<TFloat, T>(a20, x, w2, i, n);
        y[3] = Finish<TFloat, T>(a30, x, w3, i, n);
        y1[0] = Finish<TFloat, T>(a01, x1, w, i, n);
        y1[1] = Finish<TFloat, T>(a11, x1, w1, i, n);
        y1[2] = Finish<TFloat, T>(a21, x1, w2, i, n);
        y1[3] = Finish<TFloat, T>(a31, x1, w3, i, n);
        y2[0] = Finish<TFloat, T>(a02, x2, w, i, n);
        y2[1] = Finish<TFloat, T>(a12, x2, w1, i, n);
        y2[2] = Finish<TFloat, T>(a22, x2, w2, i, n);
        y2[3] = Finish<TFloat, T>(a32, x2, w3, i, n);
    }

    /// <summary>Four rows of the weight, two tokens: what is left of a small batch, with enough accumulators to hide their latency.</summary>
    private static void Tile4x2<TFloat, T>(float* x, T* w, float* y, int n, int stride)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        Vector256<float> a00 = default, a01 = default, a10 = default, a11 = default;
        Vector256<float> a20 = default, a21 = default, a30 = default, a31 = default;
        float* x1 = x + n;
        T* w1 = w + n, w2 = w1 + n, w3 = w2 + n;
        int i = 0;
        for (; i + 8 <= n; i += 8)
        {
            Prefetch(w, i, n, tokens: 2);
            Vector256<float> v0 = Vector256.Load(x + i), v1 = Vector256.Load(x1 + i);
            Vector256<float> u = TFloat.Load(w + i);
            a00 = Vector256.FusedMultiplyAdd(u, v0, a00);
            a01 = Vector256.FusedMultiplyAdd(u, v1, a01);
            u = TFloat.Load(w1 + i);
            a10 = Vector256.FusedMultiplyAdd(u, v0, a10);
            a11 = Vector256.FusedMultiplyAdd(u, v1, a11);
            u = TFloat.Load(w2 + i);
            a20 = Vector256.FusedMultiplyAdd(u, v0, a20);
            a21 = Vector256.FusedMultiplyAdd(u, v1, a21);
            u = TFloat.Load(w3 + i);
            a30 = Vector256.FusedMultiplyAdd(u, v0, a30);
            a31 = Vector256.FusedMultiplyAdd(u, v1, a31);
        }
        float* y1 = y + stride;
        y[0] = Finish<TFloat, T>(a00, x, w, i, n);
        y[1] = Finish<TFloat, T>(a10, x, w1, i, n);
        y[2] = Finish<TFloat, T>(a20, x, w2, i, n);
        y[3] = Finish<TFloat, T>(a30, x, w3, i, n);
        y1[0] = Finish<TFloat, T>(a01, x1, w, i, n);
        y1[1] = Finish<TFloat, T>(a11, x1, w1, i, n);
        y1[2] = Finish<TFloat, T>(a21, x1, w2, i, n);
        y1[3] = Finish<TFloat, T>(a31, x1, w3, i, n);
    }

    /// <summary>Four rows of the weight, one token: what decoding alone does, bound by memory.</summary>
    private static void Tile4x1<TFloat, T>(float* x, T* w, float* y, int n)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        T* w1 = w + n, w2 = w1 + n, w3 = w2 + n;
        int i = 0;
        for (; i + 8 <= n; i += 8)
        {
            Prefetch(w, i, n, tokens: 1);
            Vector256<float> v = Vector256.Load(x + i);
            a0 = Vector256.FusedMultiplyAdd(TFloat.Load(w + i), v, a0);
            a1 = Vector256.FusedMultiplyAdd(TFloat.Load(w1 + i), v, a1);
            a2 = Vector256.FusedMultiplyAdd(TFloat.Load(w2 + i), v, a2);
            a3 = Vector256.FusedMultiplyAdd(TFloat.Load(w3 + i), v, a3);
        }
        y[0] = Finish<TFloat, T>(a0, x, w, i, n);
        y[1] = Finish<TFloat, T>(a1, x, w1, i, n);
        y[2] = Finish<TFloat, T>(a2, x, w2, i, n);
        y[3] = Finish<TFloat, T>(a3, x, w3, i, n);
    }

    /// <summary>Two long rows of the weight, one token: two readers that are asked for in order come nearer to what memory gives than four.</summary>
    private static void Tile2x1<TFloat, T>(float* x, T* w, float* y, int n)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        Vector256<float> a0 = default, a1 = default;
        T* w1 = w + n;
        int line = CacheLineBytes / sizeof(T), i = 0;
        for (; i + 8 <= n; i += 8)
        {
            if (Sse.IsSupported && (i & (line - 1)) == 0)
            {
                T* next = w + 2L * n + 2L * i;
                Sse.Prefetch1(next);
                Sse.Prefetch1(next + line);
                Sse.Prefetch0(w + i + 2 * line);
                Sse.Prefetch0(w1 + i + 2 * line);
            }
            Vector256<float> v = Vector256.Load(x + i);
            a0 = Vector256.FusedMultiplyAdd(TFloat.Load(w + i), v, a0);
            a1 = Vector256.FusedMultiplyAdd(TFloat.Load(w1 + i), v, a1);
        }
        y[0] = Finish<TFloat, T>(a0, x, w, i, n);
        y[1] = Finish<TFloat, T>(a1, x, w1, i, n);
    }

    /// <summary>Asks for the next four rows in the order of memory, as much of them as the tile goes forward in its own four.</summary>
    /// <remarks>
    /// The processor sees four readers that end after some kilobytes, and fetches little ahead for them: E2B's shapes are read with 10 to 16 of
    /// 30 GB/s; asked for in order, with 23 to 28, and eight tokens take half the time (docs/performance.md). Where the first-level cache would
    /// lose them before their turn they are asked for into the second-level one, and from there shortly before they are used.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<T>(T* w, int i, int n, int tokens)
        where T : unmanaged
    {
        int line = CacheLineBytes / sizeof(T);
        if (!Sse.IsSupported || (i & (line - 1)) != 0)
            return;
        T* next = w + 4L * n + 4L * i;
        if (AreNear<T>(n, tokens))
        {
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + line);
            Sse.Prefetch0(next + 2 * line);
            Sse.Prefetch0(next + 3 * line);
        }
        else
        {
            Sse.Prefetch1(next);
            Sse.Prefetch1(next + line);
            Sse.Prefetch1(next + 2 * line);
            Sse.Prefetch1(next + 3 * line);
            Sse.Prefetch0(w + i + 2 * line);
            Sse.Prefetch0(w + i + n + 2 * line);
            Sse.Prefetch0(w + i + 2L * n + 2 * line);
            Sse.Prefetch0(w + i + 3L * n + 2 * line);
        }
    }

    /// <summary>Whether four rows, the four after them and the activations have room in the first-level cache.</summary>
    private static bool AreNear<T>(int n, int tokens)
        where T : unmanaged => (long)n * (8 * sizeof(T) + sizeof(float) * tokens) <= NearBytes;

    private static float Dot<TFloat, T>(float* x, T* w, int n)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        Vector256<float> a = default;
        int i = 0;
        for (; i + 8 <= n; i += 8)
            a = Vector256.FusedMultiplyAdd(TFloat.Load(w + i), Vector256.Load(x + i), a);
        return Finish<TFloat, T>(a, x, w, i, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish<TFloat, T>(Vector256<float> lanes, float* x, T* w, int i, int n)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        float sum = Vector256.Sum(lanes);
        for (; i < n; i++)
            sum = MathF.FusedMultiplyAdd(TFloat.ToSingle(w[i]), x[i], sum);
        return sum;
    }
}
