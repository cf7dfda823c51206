namespace Gemma4.Engine.KvCache;

/// <summary>Layers that read every position: a prefix is there when each of its blocks is.</summary>
internal sealed class FullKvGroup(int blockSize, int numBlocks) : KvGroup(blockSize, numBlocks)
{
    /// <inheritdoc/>
    public override int FirstBlockNeeded(int position) => 0;

    /// <inheritdoc/>
    public override int LongestHit(ReadOnlySpan<BlockHash> hashes, int maxBlocks)
    {
        int hit = 0;
        while (hit < maxBlocks && Pool.TryFind(hashes[hit], out _))
            hit++;
        return hit;
    }
}
