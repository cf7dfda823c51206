using System.Diagnostics;

namespace Gemma4.Engine.KvCache;

/// <summary>The blocks of one KV group: who is free, how many hold each, and which full block has which content.</summary>
/// <remarks>A free block keeps its content and hash until it is taken: the free queue is the prefix cache's LRU list.</remarks>
internal sealed class BlockPool(int numBlocks)
{
    private readonly int[] _refCounts = new int[numBlocks];
    private readonly BlockHash[] _hashes = new BlockHash[numBlocks];
    private readonly FreeBlockQueue _free = new(numBlocks);
    private readonly Dictionary<BlockHash, BlockId> _byHash = new(numBlocks);

    /// <summary>Number of all blocks.</summary>
    public int NumBlocks => _refCounts.Length;

    /// <summary>Blocks that no sequence holds, those with content included.</summary>
    public int NumFree => _free.Count;

    /// <summary>Sequences that hold the block.</summary>
    public int RefCount(BlockId block) => _refCounts[block.Value];

    /// <summary>What the block holds; <see cref="BlockHash.None"/> while it is not known to be whole.</summary>
    public BlockHash HashOf(BlockId block) => _hashes[block.Value];

    /// <summary>Finds the block with this content, free or held.</summary>
    public bool TryFind(BlockHash hash, out BlockId block) => _byHash.TryGetValue(hash, out block);

    /// <summary>Takes the free block of least use; its content is gone. The caller has checked <see cref="NumFree"/>.</summary>
    public BlockId Take()
    {
        BlockId block = _free.TakeFirst();
        ref BlockHash hash = ref _hashes[block.Value];
        if (hash != BlockHash.None)
        {
            _byHash.Remove(hash);
            hash = BlockHash.None;
        }
        _refCounts[block.Value] = 1;
        return block;
    }

    /// <summary>Holds a block that <see cref="TryFind"/> found.</summary>
    public void Share(BlockId block)
    {
        if (_refCounts[block.Value]++ == 0)
            _free.Remove(block);
    }

    /// <summary>Gives a held block back.</summary>
    public void Release(BlockId block)
    {
        Debug.Assert(_refCounts[block.Value] > 0, "only a held block can be given back");
        if (--_refCounts[block.Value] > 0)
            return;
        if (_hashes[block.Value] == BlockHash.None)
            _free.AddFirst(block);
        else
            _free.AddLast(block);
    }

    /// <summary>Makes a held, whole block findable. When another has the same content already, that one stays the one found.</summary>
    public void Register(BlockId block, BlockHash hash)
    {
        Debug.Assert(_refCounts[block.Value] > 0, "only its holder knows what a block holds");
        if (_hashes[block.Value] == BlockHash.None && _byHash.TryAdd(hash, block))
            _hashes[block.Value] = hash;
    }
}
