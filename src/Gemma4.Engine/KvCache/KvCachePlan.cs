using System.Collections.Immutable;
using System.Diagnostics;

namespace Gemma4.Engine.KvCache;

/// <summary>The KV cache as resolved at start: which groups, and how many blocks each.</summary>
/// <param name="BlockSize">Positions in a block, of every group.</param>
/// <param name="Groups">In the order of the block tables.</param>
/// <param name="NumBlocks">By group.</param>
public sealed record KvCachePlan(int BlockSize, ImmutableArray<KvGroupSpec> Groups, ImmutableArray<int> NumBlocks)
{
    /// <summary>Bytes of all pools.</summary>
    public long TotalBytes
    {
        get
        {
            long bytes = 0;
            for (int g = 0; g < Groups.Length; g++)
                bytes += Groups[g].BytesPerToken * BlockSize * NumBlocks[g];
            return bytes;
        }
    }

    /// <summary>What a token costs while every group keeps it.</summary>
    public long BytesPerToken => Groups.Sum(g => g.BytesPerToken);

    /// <summary>Tokens of the largest pool: of the layers that keep all, where there are such.</summary>
    public long CapacityTokens => (long)BlockSize * NumBlocks.Max();

    /// <summary>Tokens that one sequence can have while it has the cache for itself and goes on token by token.</summary>
    public int MaxSequenceTokens => MaxTokens(chunk: 1);

    /// <summary>Tokens that one sequence can have while it has the cache for itself.</summary>
    /// <param name="chunk">Tokens that one of its steps must be able to compute at once.</param>
    public int MaxTokens(int chunk)
    {
        long tokens = int.MaxValue;
        for (int g = 0; g < Groups.Length; g++)
        {
            if (Groups[g].Window is not { } window || BlocksTouched(window - 1 + chunk, BlockSize) > NumBlocks[g])
                tokens = Math.Min(tokens, (long)NumBlocks[g] * BlockSize);
        }
        return (int)tokens;
    }

    /// <summary>Blocks that a sequence of <paramref name="numTokens"/> tokens needs in a group at its worst moment.</summary>
    /// <param name="group">The group.</param>
    /// <param name="numTokens">Its length.</param>
    /// <param name="chunk">Tokens computed at once; a window needs room for them beside itself.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public static int BlocksNeeded(KvGroupSpec group, int numTokens, int chunk, int blockSize)
    {
        int all = (numTokens + blockSize - 1) / blockSize;
        return group.Window is { } window ? Math.Min(all, BlocksTouched((long)window - 1 + chunk, blockSize)) : all;
    }

    /// <summary>Blocks that this many neighbouring positions touch, wherever the first one stands.</summary>
    private static int BlocksTouched(long numPositions, int blockSize)
    {
        Debug.Assert(numPositions > 0);
        return (int)((numPositions + blockSize - 2) / blockSize) + 1;
    }
}
