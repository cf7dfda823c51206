using System.Runtime.InteropServices;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A step's rows in tiles: rows of one sequence that follow each other and read their keys together.</summary>
/// <param name="queriesPerRow">Query heads of a KV head, G.</param>
internal sealed class AttentionTiles(int queriesPerRow)
{
    /// <summary>Positions of a chunk. Chunks begin at its multiples, so that they are the same whoever computes them.</summary>
    public const int ChunkLength = 128;

    /// <summary>Queries that share one reading of a key: enough to make it cheap, few enough that they stay in the second-level cache.</summary>
    private const int MaxQueries = 32;

    private readonly List<AttentionTile> _tiles = [];

    /// <summary>Rows of a full tile.</summary>
    public int RowsPerTile { get; } = Math.Max(1, MaxQueries / queriesPerRow);

    /// <summary>Tiles of the step.</summary>
    public int Count => _tiles.Count;

    /// <summary>Chunks over all tiles, for one KV head.</summary>
    public int NumChunks { get; private set; }

    /// <summary>A tile.</summary>
    public AttentionTile this[int index] => _tiles[index];

    /// <summary>Cuts a step.</summary>
    public void Fill(StepInputs step, VisibleRows visible)
    {
        _tiles.Clear();
        NumChunks = 0;
        ReadOnlySpan<VisibleRange> ranges = visible.Ranges;
        for (int b = 0; b < step.Sequences.Count; b++)
        {
            SequenceSlice slice = step.Sequences[b];
            for (int first = 0; first < slice.NumTokens; first += RowsPerTile)
            {
                int row = slice.FirstRow + first, rows = Math.Min(RowsPerTile, slice.NumTokens - first);
                int begin = int.MaxValue, end = 0;
                foreach (VisibleRange range in ranges.Slice(row, rows))
                    (begin, end) = (Math.Min(begin, range.First), Math.Max(end, range.End));
                var tile = new AttentionTile(b, row, rows, begin, end, NumChunks);
                NumChunks += tile.EndChunk - tile.FirstChunk;
                _tiles.Add(tile);
            }
        }
    }

    /// <summary>Where the chunks of a tile and a KV head begin, when all are counted in order of tile, head and position.</summary>
    public int FirstChunkOf(int tileIndex, int head, int numKvHeads)
    {
        AttentionTile tile = _tiles[tileIndex];
        return tile.NumChunksBefore * numKvHeads + head * (tile.EndChunk - tile.FirstChunk);
    }

    /// <summary>The tile, KV head and chunk of a number in that order.</summary>
    public (AttentionTile Tile, int Head, int Chunk) Chunk(int index, int numKvHeads)
    {
        ReadOnlySpan<AttentionTile> tiles = CollectionsMarshal.AsSpan(_tiles);
        int low = 0, high = tiles.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (tiles[middle].NumChunksBefore * numKvHeads <= index)
                low = middle;
            else
                high = middle - 1;
        }
        AttentionTile tile = tiles[low];
        int chunks = tile.EndChunk - tile.FirstChunk, rest = index - tile.NumChunksBefore * numKvHeads;
        return (tile, rest / chunks, tile.FirstChunk + rest % chunks);
    }
}

/// <summary>Rows of one sequence that read their keys together.</summary>
/// <param name="SequenceIndex">Which sequence of the step.</param>
/// <param name="FirstRow">First of the rows.</param>
/// <param name="NumRows">How many.</param>
/// <param name="First">First position that one of them sees.</param>
/// <param name="End">One past the last position that one of them sees.</param>
/// <param name="NumChunksBefore">Chunks of the tiles before this one.</param>
internal readonly record struct AttentionTile(int SequenceIndex, int FirstRow, int NumRows, int First, int End, int NumChunksBefore)
{
    /// <summary>The chunk that holds the first position.</summary>
    public int FirstChunk => First / AttentionTiles.ChunkLength;

    /// <summary>One past the chunk that holds the last position.</summary>
    public int EndChunk => (End + AttentionTiles.ChunkLength - 1) / AttentionTiles.ChunkLength;
}
