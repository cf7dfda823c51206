using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Attention of a tile's queries of one KV head over one chunk of positions.</summary>
/// <param name="spec">What the layer reads.</param>
/// <param name="keyMaker">Makes keys of values; null where keys are stored.</param>
internal sealed unsafe class AttentionChunk(AttentionSpec spec, KeyMaker? keyMaker)
{
    /// <summary>Positions that are widened together: their heads stay in the first-level cache.</summary>
    private const int PositionsAtOnce = 16;

    private const int ChunkLength = AttentionTiles.ChunkLength;

    private readonly int _headDim = spec.HeadDim;
    private readonly int _queriesPerRow = spec.NumQueryHeads / spec.NumKvHeads;

    /// <summary>Scratch memory it wants: queries, scores of a chunk, heads of some positions.</summary>
    public long ScratchNumbers(int maxQueries) => (long)maxQueries * (_headDim + ChunkLength) + (long)PositionsAtOnce * _headDim;

    /// <summary>Brings a tile's queries together, where <see cref="Run"/> reads them.</summary>
    /// <returns>How many, M.</returns>
    public int Gather(in AttentionView view, AttentionTile tile, int head, float* scratch)
    {
        int width = _queriesPerRow * _headDim;
        for (int row = 0; row < tile.NumRows; row++)
        {
            float* heads = view.Queries.Row(tile.FirstRow + row) + (long)head * width;
            new ReadOnlySpan<float>(heads, width).CopyTo(new Span<float>(scratch + (long)row * width, width));
        }
        return tile.NumRows * _queriesPerRow;
    }

    /// <summary>Computes one chunk.</summary>
    /// <param name="view">What is read.</param>
    /// <param name="tile">The rows.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="chunk">Which chunk.</param>
    /// <param name="scratch">Holds the queries; <see cref="ScratchNumbers"/> numbers.</param>
    /// <param name="result">Receives the chunk's part.</param>
    public void Run(in AttentionView view, AttentionTile tile, int head, int chunk, float* scratch, PartialAttention result)
    {
        int numQueries = tile.NumRows * _queriesPerRow;
        float* scores = scratch + (long)numQueries * _headDim, heads = scores + (long)numQueries * ChunkLength;
        int chunkStart = chunk * ChunkLength;
        int first = Math.Max(tile.First, chunkStart), end = Math.Min(tile.End, chunkStart + ChunkLength);
        ReadOnlySpan<int> blocks = view.Group.BlockTables[tile.SequenceIndex].Span;
        new Span<float>(scores, numQueries * ChunkLength).Fill(float.NegativeInfinity);
        for (int p = first; p < end; p += PositionsAtOnce)
        {
            int count = Math.Min(PositionsAtOnce, end - p);
            ReadKeys(view, blocks, head, p, count, heads);
            AttentionScores.Run(scratch, numQueries, heads, count, scores + (p - chunkStart), _headDim, ChunkLength);
        }
        for (int row = 0; row < tile.NumRows; row++)
        {
            VisibleRange seen = view.Visible.Ranges[tile.FirstRow + row];
            int from = Math.Clamp(seen.First - chunkStart, 0, ChunkLength), to = Math.Clamp(seen.End - chunkStart, from, ChunkLength);
            for (int g = 0; g < _queriesPerRow; g++)
            {
                int m = row * _queriesPerRow + g;
                Span<float> own = new(scores + (long)m * ChunkLength, ChunkLength);
                own[..from].Fill(float.NegativeInfinity);
                own[to..].Fill(float.NegativeInfinity);
                PartialSoftmax.Weigh(own, out result.Maxima[m], out result.Sums[m]);
            }
        }
        new Span<float>(result.Values, numQueries * _headDim).Clear();
        for (int p = first; p < end; p += PositionsAtOnce)
        {
            int count = Math.Min(PositionsAtOnce, end - p);
            ReadValues(view, blocks, head, p, count, heads);
            AttentionValues.Run(scores + (p - chunkStart), ChunkLength, heads, count, result.Values, numQueries, _headDim);
        }
    }

    private void ReadKeys(in AttentionView view, ReadOnlySpan<int> blocks, int head, int first, int count, float* keys)
    {
        HeadPool pool = view.Layer.Keys ?? view.Layer.Values;
        for (int j = 0; j < count; j++)
        {
            float* key = keys + (long)j * _headDim;
            pool.Read(Slot(blocks, first + j, view.BlockSize), head, key);
            keyMaker?.MakeKey(key, first + j);
        }
    }

    private void ReadValues(in AttentionView view, ReadOnlySpan<int> blocks, int head, int first, int count, float* values)
    {
        for (int j = 0; j < count; j++)
            view.Layer.Values.Read(Slot(blocks, first + j, view.BlockSize), head, values + (long)j * _headDim);
    }

    private static long Slot(ReadOnlySpan<int> blocks, int position, int blockSize)
    {
        int block = blocks[position / blockSize];
        if (block < 0)
            throw new InvalidOperationException($"Position {position} is read, but its block was given back.");
        return (long)block * blockSize + position % blockSize;
    }
}
