namespace Gemma4.Engine.KvCache;

/// <summary>One KV group at work: its pool, and the rule which blocks its layers still need.</summary>
internal abstract class KvGroup(int blockSize, int numBlocks)
{
    /// <summary>The group's blocks.</summary>
    public BlockPool Pool { get; } = new(numBlocks);

    /// <summary>Positions in a block.</summary>
    protected int BlockSize { get; } = blockSize;

    /// <summary>Makes the manager for a kind of layer.</summary>
    public static KvGroup Create(KvGroupSpec spec, int blockSize, int numBlocks) =>
        spec.Window is { } window ? new SlidingKvGroup(window, blockSize, numBlocks) : new FullKvGroup(blockSize, numBlocks);

    /// <summary>The first block that a token at <paramref name="position"/>, or any after it, reads.</summary>
    public abstract int FirstBlockNeeded(int position);

    /// <summary>The largest number of leading blocks, at most <paramref name="maxBlocks"/>, after which a sequence can go on because all
    /// that its next token reads is in the pool.</summary>
    public abstract int LongestHit(ReadOnlySpan<BlockHash> hashes, int maxBlocks);
}
