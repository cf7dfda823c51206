using Gemma4.Engine.Kernels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

/// <summary>Scores, weighted values and partial softmax: as defined, within guarded pages, each query as it is alone.</summary>
public sealed unsafe class AttentionKernelTests
{
    [Fact]
    public void Scores_agree_with_the_definition_and_do_not_depend_on_their_neighbours()
    {
        foreach (int h in (ReadOnlySpan<int>)[8, 32, 40, 256])
        {
            for (int queries = 1; queries <= 9; queries++)
            {
                for (int keys = 1; keys <= 17; keys++)
                    CheckScores(queries, keys, h);
            }
        }
    }

    [Fact]
    public void Weighted_values_agree_with_the_definition_and_do_not_depend_on_their_neighbours()
    {
        foreach (int h in (ReadOnlySpan<int>)[8, 16, 24, 72, 256])
        {
            for (int queries = 1; queries <= 9; queries++)
            {
                for (int values = 0; values <= 17; values++)
                    CheckValues(queries, values, h);
            }
        }
    }

    [Fact]
    public void A_weight_of_zero_leaves_every_bit_as_it_was()
    {
        float[] y = Numbers(32, 1), before = [.. y], v = Numbers(5 * 32, 2);
        fixed (float* to = y, values = v, weights = new float[5])
            AttentionValues.Run(weights, 5, values, 5, to, 1, 32);
        RowKernelCheck.SameBits(before, y);
    }

    [Fact]
    public void Chunks_that_are_joined_give_the_softmax_of_the_whole()
    {
        const int Chunk = 16, Chunks = 5, H = 8;
        float[] scores = [.. Numbers(Chunk * Chunks, 3).Select(x => x * 40)];
        scores.AsSpan(Chunk, Chunk).Fill(float.NegativeInfinity);      // a chunk that is not seen
        scores.AsSpan(70, 10).Fill(float.NegativeInfinity);
        float[] values = Numbers(Chunk * Chunks * H, 4);
        double max = scores.Max(), total = scores.Sum(s => Math.Exp(s - max));
        float[] joined = new float[H];
        float largest = float.NegativeInfinity, sum = 0;
        fixed (float* y = joined, v = values)
        {
            for (int c = 0; c < Chunks; c++)
            {
                float[] weights = scores[(c * Chunk)..((c + 1) * Chunk)];
                PartialSoftmax.Weigh(weights, out float chunkMax, out float chunkSum);
                Assert.Equal(c == 1, chunkSum == 0);
                fixed (float* own = new float[H], w = weights)
                {
                    AttentionValues.Run(w, Chunk, v + c * Chunk * H, Chunk, own, 1, H);
                    PartialSoftmax.Join(ref largest, ref sum, y, chunkMax, chunkSum, own, H);
                }
            }
        }
        for (int i = 0; i < H; i++)
        {
            double expected = Enumerable.Range(0, scores.Length).Sum(p => Math.Exp(scores[p] - max) / total * values[p * H + i]);
            Assert.Equal(expected, joined[i] / sum, 1e-5);
        }
    }

    private static void CheckScores(int queries, int keys, int h)
    {
        float[] q = Numbers(queries * h, 1), k = Numbers(keys * h, 2), expected = new float[queries * keys], alone = new float[1];
        AttentionScores.Reference(q, k, expected, h, keys);
        using GuardedMemory left = new(q.Length * sizeof(float)), right = new(k.Length * sizeof(float)), results = new(expected.Length * sizeof(float));
        q.CopyTo(left.AtEnd<float>(q.Length));
        k.CopyTo(right.AtEnd<float>(k.Length));
        fixed (float* pq = left.AtEnd<float>(q.Length), pk = right.AtEnd<float>(k.Length), py = results.AtEnd<float>(expected.Length), one = alone)
        {
            AttentionScores.Run(pq, queries, pk, keys, py, h, keys);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], py[i], 1e-4f);
                AttentionScores.Run(pq + i / keys * h, 1, pk + i % keys * h, 1, one, h, 1);
                RowKernelCheck.SameBits(alone, new ReadOnlySpan<float>(py + i, 1));
            }
        }
    }

    private static void CheckValues(int queries, int values, int h)
    {
        float[] w = Numbers(queries * values, 1), v = Numbers(values * h, 2), expected = Numbers(queries * h, 3), alone = new float[h];
        float[] start = [.. expected];
        if (values > 0)
            AttentionValues.Reference(w, v, expected, h, values);
        using GuardedMemory weights = new(w.Length * sizeof(float)), rows = new(v.Length * sizeof(float)), results = new(expected.Length * sizeof(float));
        w.CopyTo(weights.AtEnd<float>(w.Length));
        v.CopyTo(rows.AtEnd<float>(v.Length));
        start.CopyTo(results.AtEnd<float>(start.Length));
        fixed (float* pw = weights.AtEnd<float>(w.Length), pv = rows.AtEnd<float>(v.Length), py = results.AtEnd<float>(start.Length), one = alone)
        {
            AttentionValues.Run(pw, values, pv, values, py, queries, h);
            for (int m = 0; m < queries; m++)
            {
                start.AsSpan(m * h, h).CopyTo(alone);
                AttentionValues.Run(pw + m * values, values, pv, values, one, 1, h);
                RowKernelCheck.SameBits(alone, new ReadOnlySpan<float>(py + m * h, h));
            }
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], py[i], 1e-4f);
        }
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
