using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Attention of one query token over keys and values that lie in blocks, read in place; scores are not scaled.</summary>
/// <remarks>
/// Positions are taken in tiles that begin at multiples of the tile's length, with the running maximum and sum of the online softmax
/// (Milakov and Gimelshein 2018), so a token's result depends on its own positions only: not on the chunk it is computed in, nor on
/// the place of its blocks, nor on its neighbours.
/// </remarks>
internal static unsafe class PagedAttentionKernel
{
    private const int Tile = 16;

    /// <summary>The definition: softmax(q · K) · V over positions <c>first .. end - 1</c>, in double.</summary>
    public static void Reference<TFloat, T>(
        ReadOnlySpan<float> q, in PagedKv<T> kv, KeyFromValue* keyFromValue, ReadOnlySpan<int> blockTable, int first, int end, Span<float> y)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        int h = kv.HeadDim, n = q.Length / h, g = n / kv.NumKvHeads;
        float* made = stackalloc float[h];
        for (int head = 0; head < n; head++)
        {
            double[] scores = new double[end - first];
            for (int p = first; p < end; p++)
            {
                long offset = kv.Offset(blockTable, p, head / g);
                if (keyFromValue is not null)
                    MakeKey<TFloat, T>(kv.Values + offset, *keyFromValue, h, p, made);
                for (int i = 0; i < h; i++)
                    scores[p - first] += (double)q[head * h + i] * (keyFromValue is not null ? made[i] : TFloat.ToSingle(kv.Keys[offset + i]));
            }
            double max = scores.Max(), sum = scores.Sum(s => Math.Exp(s - max));
            for (int i = 0; i < h; i++)
            {
                double total = 0;
                for (int p = first; p < end; p++)
                    total += Math.Exp(scores[p - first] - max) / sum * TFloat.ToSingle(kv.Values[kv.Offset(blockTable, p, head / g) + i]);
                y[head * h + i] = (float)total;
            }
        }
    }

    /// <summary>The query heads of one KV head.</summary>
    /// <param name="q">Their queries <c>[G, H]</c>, normalised and rotated.</param>
    /// <param name="g">Query heads of the KV head, G.</param>
    /// <param name="kv">The pools.</param>
    /// <param name="keyFromValue">How to make keys where none are stored; null otherwise.</param>
    /// <param name="blockTable">The sequence's blocks in order.</param>
    /// <param name="kvHead">Which KV head.</param>
    /// <param name="first">First visible position.</param>
    /// <param name="end">One past the last visible position.</param>
    /// <param name="y">Receives the result <c>[G, H]</c>.</param>
    public static void Run<TFloat, T>(
        float* q, int g, in PagedKv<T> kv, KeyFromValue* keyFromValue, ReadOnlySpan<int> blockTable, int kvHead, int first, int end, float* y)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        int h = kv.HeadDim, tile = Math.Min(Tile, kv.BlockSize);
        long stride = (long)kv.NumKvHeads * h;
        float* scores = stackalloc float[g * Tile];
        float* maxima = stackalloc float[g];
        float* sums = stackalloc float[g];
        float* made = stackalloc float[keyFromValue is null ? 0 : Tile * h];
        new Span<float>(maxima, g).Fill(float.NegativeInfinity);
        new Span<float>(sums, g).Clear();
        new Span<float>(y, g * h).Clear();

        for (int p = first; p < end;)
        {
            int count = Math.Min(end, (p / tile + 1) * tile) - p;
            long offset = kv.Offset(blockTable, p, kvHead);
            T* values = kv.Values + offset;
            if (keyFromValue is null)
            {
                for (int j = 0; j < count; j++)
                    Dots<TFloat, T>(q, g, h, kv.Keys + offset + j * stride, scores + j);
            }
            else
            {
                for (int j = 0; j < count; j++)
                {
                    MakeKey<TFloat, T>(values + j * stride, *keyFromValue, h, p + j, made + j * h);
                    Dots<Float32, float>(q, g, h, made + j * h, scores + j);
                }
            }
            for (int head = 0; head < g; head++)
            {
                float rescale = Weigh(new Span<float>(scores + head * Tile, Tile), count, ref maxima[head], ref sums[head]);
                Accumulate<TFloat, T>(y + head * h, rescale, scores + head * Tile, values, count, stride, h);
            }
            p += count;
        }
        for (int head = 0; head < g; head++)
            TensorPrimitives.Divide(new ReadOnlySpan<float>(y + head * h, h), sums[head], new Span<float>(y + head * h, h));
    }

    /// <summary>scores[head · Tile] = q[head] · key, for all heads; four at a time share each load of the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dots<TFloat, T>(float* q, int g, int h, T* key, float* scores)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        int head = 0;
        for (; head + 4 <= g; head += 4)
        {
            float* q0 = q + head * h;
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
            for (int i = 0; i < h; i += 8)
            {
                Vector256<float> k = TFloat.Load(key + i);
                a0 = Vector256.FusedMultiplyAdd(Vector256.Load(q0 + i), k, a0);
                a1 = Vector256.FusedMultiplyAdd(Vector256.Load(q0 + h + i), k, a1);
                a2 = Vector256.FusedMultiplyAdd(Vector256.Load(q0 + 2 * h + i), k, a2);
                a3 = Vector256.FusedMultiplyAdd(Vector256.Load(q0 + 3 * h + i), k, a3);
            }
            scores[head * Tile] = Vector256.Sum(a0);
            scores[(head + 1) * Tile] = Vector256.Sum(a1);
            scores[(head + 2) * Tile] = Vector256.Sum(a2);
            scores[(head + 3) * Tile] = Vector256.Sum(a3);
        }
        for (; head < g; head++)
        {
            Vector256<float> a = default;
            for (int i = 0; i < h; i += 8)
                a = Vector256.FusedMultiplyAdd(Vector256.Load(q + head * h + i), TFloat.Load(key + i), a);
            scores[head * Tile] = Vector256.Sum(a);
        }
    }

    /// <summary>Turns a tile's scores into weights under the new maximum; those beyond <paramref name="count"/> become 0.</summary>
    /// <returns>What earlier sums must be multiplied with.</returns>
    private static float Weigh(Span<float> scores, int count, ref float max, ref float sum)
    {
        float newMax = Math.Max(max, TensorPrimitives.Max<float>(scores[..count]));
        float rescale = Exponential.Of(max - newMax);
        scores[count..].Fill(float.NegativeInfinity);
        TensorPrimitives.Subtract(scores, newMax, scores);
        Exponential.Run(scores, scores);
        sum = sum * rescale + Sum(scores);
        max = newMax;
        return rescale;
    }

    /// <summary>The sum of a tile in one order: a library's depends on the processor's vectors.</summary>
    private static float Sum(ReadOnlySpan<float> tile) => Vector256.Sum(Vector256.Create(tile) + Vector256.Create(tile[8..]));

    /// <summary>y = y · rescale + Σ weights[j] · values[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<TFloat, T>(float* y, float rescale, float* weights, T* values, int count, long stride, int h)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        for (int i = 0; i < h; i += 8)
        {
            Vector256<float> sum = Vector256.Load(y + i) * rescale;
            for (int j = 0; j < count; j++)
                sum = Vector256.FusedMultiplyAdd(Vector256.Create(weights[j]), TFloat.Load(values + j * stride + i), sum);
            sum.Store(y + i);
        }
    }

    /// <summary>rotate(scale ∘ value): pairs i and i + H/2 for i below R, the rest as it is.</summary>
    private static void MakeKey<TFloat, T>(T* value, in KeyFromValue maker, int h, int position, float* key)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        for (int i = 0; i < h; i += 8)
            (TFloat.Load(value + i) * Vector256.Load(maker.Scale + i)).Store(key + i);
        float* cos = maker.Cos + (long)position * maker.NumRotated, sin = maker.Sin + (long)position * maker.NumRotated;
        float* upper = key + h / 2;
        for (int i = 0; i < maker.NumRotated; i++)
            (key[i], upper[i]) = (key[i] * cos[i] - upper[i] * sin[i], upper[i] * cos[i] + key[i] * sin[i]);
    }
}
