using System.Collections.Immutable;

namespace Gemma4.Engine.KvCache;

/// <summary>Splits one budget of bytes into pools, a pool a group.</summary>
/// <remarks>
/// Pools cannot lend to each other, so the split decides what the cache is good for: long contexts want the layers that keep all, many
/// short sequences want windows. The rule, in this order:
/// <list type="number">
/// <item>One sequence of the longest context gets what it needs in every group, its window beside a whole step's chunk included;
/// or, where that takes more than half of the budget, the longest sequence that half of the budget holds.</item>
/// <item>The rest is shared out as if every further sequence had the typical length: each group gets blocks in proportion to what
/// such a sequence holds in it.</item>
/// </list>
/// </remarks>
public static class KvBudget
{
    /// <summary>Makes the plan.</summary>
    /// <param name="bytes">All that the pools may take.</param>
    /// <param name="groups">The model's groups.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="maxContextLength">Tokens of the longest sequence.</param>
    /// <param name="typicalTokens">Tokens of the sequences that most of the memory is split for.</param>
    /// <param name="maxTokensPerStep">Tokens a step computes at most.</param>
    /// <exception cref="ArgumentException">The budget does not hold a single block of each group; the message says what would.</exception>
    public static KvCachePlan Split(
        long bytes, ImmutableArray<KvGroupSpec> groups, int blockSize, int maxContextLength, int typicalTokens, int maxTokensPerStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxContextLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(typicalTokens, 1);
        long smallest = Cost(groups, 1, maxTokensPerStep, blockSize);
        if (bytes < smallest)
            throw new ArgumentException($"A KV cache of {bytes} bytes holds no sequence: the smallest possible takes {smallest} bytes.", nameof(bytes));

        int longest = LongestWithin(Math.Max(bytes / 2, smallest), groups, blockSize, maxContextLength, maxTokensPerStep);
        long rest = bytes - Cost(groups, longest, maxTokensPerStep, blockSize);
        int typical = Math.Min(typicalTokens, maxContextLength);
        long typicalCost = Cost(groups, typical, 1, blockSize);
        var numBlocks = ImmutableArray.CreateBuilder<int>(groups.Length);
        foreach (KvGroupSpec group in groups)
        {
            long own = KvCachePlan.BlocksNeeded(group, longest, maxTokensPerStep, blockSize);
            long further = (long)((Int128)KvCachePlan.BlocksNeeded(group, typical, 1, blockSize) * rest / typicalCost);
            numBlocks.Add((int)Math.Min(own + further, int.MaxValue / blockSize));
        }
        return new KvCachePlan(blockSize, groups, numBlocks.MoveToImmutable());
    }

    /// <summary>Bytes that a sequence takes at its worst moment.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="numTokens">Its length.</param>
    /// <param name="chunk">Tokens that one of its steps computes.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public static long Cost(ImmutableArray<KvGroupSpec> groups, int numTokens, int chunk, int blockSize)
    {
        long bytes = 0;
        foreach (KvGroupSpec group in groups)
            bytes += KvCachePlan.BlocksNeeded(group, numTokens, chunk, blockSize) * group.BytesPerToken * blockSize;
        return bytes;
    }

    private static int LongestWithin(long bytes, ImmutableArray<KvGroupSpec> groups, int blockSize, int maxContextLength, int chunk)
    {
        int fits = 1;
        int fitsNot = maxContextLength + 1;
        while (fitsNot - fits > 1)
        {
            int middle = fits + ((fitsNot - fits) / 2);
            if (Cost(groups, middle, chunk, blockSize) <= bytes)
                fits = middle;
            else
                fitsNot = middle;
        }
        return fits;
    }
}
