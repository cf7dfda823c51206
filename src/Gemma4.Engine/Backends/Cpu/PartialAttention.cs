using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Attention of some queries over some of their positions: weighted values, and the maxima and sums of their weights.</summary>
/// <param name="memory"><see cref="Numbers"/> numbers.</param>
/// <param name="maxQueries">Queries it has room for.</param>
/// <param name="headDim">H.</param>
internal readonly unsafe struct PartialAttention(float* memory, int maxQueries, int headDim)
{
    /// <summary>Weighted values, <c>[M, H]</c>.</summary>
    public float* Values => memory;

    /// <summary>Maxima of the scores, <c>[M]</c>.</summary>
    public float* Maxima => memory + (long)maxQueries * headDim;

    /// <summary>Sums of the weights, <c>[M]</c>.</summary>
    public float* Sums => Maxima + maxQueries;

    /// <summary>Room that so many queries take, in numbers; a multiple of 8.</summary>
    public static int Numbers(int maxQueries, int headDim) => maxQueries * headDim + (2 * maxQueries + 7) / 8 * 8;

    /// <summary>No positions yet.</summary>
    public void Clear(int numQueries)
    {
        new Span<float>(Values, numQueries * headDim).Clear();
        new Span<float>(Maxima, numQueries).Fill(float.NegativeInfinity);
        new Span<float>(Sums, numQueries).Clear();
    }

    /// <summary>Adds positions behind those it has.</summary>
    public void Join(PartialAttention later, int numQueries)
    {
        for (int m = 0; m < numQueries; m++)
        {
            long at = (long)m * headDim;
            PartialSoftmax.Join(ref Maxima[m], ref Sums[m], Values + at, later.Maxima[m], later.Sums[m], later.Values + at, headDim);
        }
    }

    /// <summary>Divides by the sums and writes the result of a tile's rows for one KV head.</summary>
    public void Store(in AttentionView view, AttentionTile tile, int head, AttentionSpec spec)
    {
        int g = spec.NumQueryHeads / spec.NumKvHeads;
        for (int m = 0; m < tile.NumRows * g; m++)
        {
            float* y = view.Result.Row(tile.FirstRow + m / g) + (long)(head * g + m % g) * headDim;
            float* own = Values + (long)m * headDim;
            for (int i = 0; i < headDim; i++)
                y[i] = own[i] / Sums[m];
        }
    }
}
