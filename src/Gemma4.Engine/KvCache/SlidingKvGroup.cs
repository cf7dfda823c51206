namespace Gemma4.Engine.KvCache;

/// <summary>Layers that read the last <paramref name="window"/> positions: a prefix is there when the blocks of its last window are.</summary>
/// <param name="window">Positions a token reads, its own included.</param>
/// <param name="blockSize">Positions in a block.</param>
/// <param name="numBlocks">Blocks in the pool.</param>
internal sealed class SlidingKvGroup(int window, int blockSize, int numBlocks) : KvGroup(blockSize, numBlocks)
{
    /// <inheritdoc/>
    public override int FirstBlockNeeded(int position) => Math.Max(0, position - window + 1) / BlockSize;

    /// <inheritdoc/>
    /// <remarks>From the right: the first unbroken run that is long enough is the longest hit.</remarks>
    public override int LongestHit(ReadOnlySpan<BlockHash> hashes, int maxBlocks)
    {
        int end = maxBlocks;
        for (int i = maxBlocks - 1; i >= 0; i--)
        {
            if (!Pool.TryFind(hashes[i], out _))
                end = i;
            else if (i <= FirstBlockNeeded(end * BlockSize))
                return end;
        }
        return 0;
    }
}
