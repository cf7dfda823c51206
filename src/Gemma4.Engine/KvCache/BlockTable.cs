using System.Runtime.InteropServices;

namespace Gemma4.Engine.KvCache;

/// <summary>A sequence's blocks in one KV group, in order: position p lies in block <c>this[p / BlockSize]</c>.</summary>
/// <remarks>Written by the cache manager, read by the runner; what was read is valid until the step is committed.</remarks>
public sealed class BlockTable
{
    private int[] _ids;

    /// <summary>An empty table.</summary>
    public BlockTable() => _ids = [];

    /// <summary>A table of given blocks, for runners that are driven without a scheduler.</summary>
    /// <param name="blocks">Copied.</param>
    public BlockTable(params ReadOnlySpan<BlockId> blocks)
    {
        _ids = MemoryMarshal.Cast<BlockId, int>(blocks).ToArray();
        Count = blocks.Length;
    }

    /// <summary>Number of entries, given-back blocks included.</summary>
    public int Count { get; private set; }

    /// <summary>Entries before this one were given back and are <see cref="BlockId.None"/>.</summary>
    internal int NumReleased { get; private set; }

    /// <summary>Number of blocks the sequence holds.</summary>
    internal int NumHeld => Count - NumReleased;

    /// <summary>The block that holds positions <c>index * BlockSize</c> and on.</summary>
    public BlockId this[int index] => new(Ids.Span[index]);

    /// <summary>All entries; -1 where the window has passed.</summary>
    public ReadOnlyMemory<int> Ids => _ids.AsMemory(0, Count);

    internal void Append(BlockId block)
    {
        if (Count == _ids.Length)
            Array.Resize(ref _ids, Math.Max(8, Count * 2));
        _ids[Count++] = block.Value;
    }

    /// <summary>Starts an empty table with entries that the window has passed already.</summary>
    internal void SkipTo(int index)
    {
        while (Count < index)
            Append(BlockId.None);
        NumReleased = index;
    }

    /// <summary>Forgets the oldest block held and returns it.</summary>
    internal BlockId ReleaseFirst()
    {
        BlockId block = this[NumReleased];
        _ids[NumReleased++] = BlockId.None.Value;
        return block;
    }

    /// <summary>Forgets the newest block held and returns it.</summary>
    internal BlockId ReleaseLast() => new(_ids[--Count]);

    internal void Clear() => Count = NumReleased = 0;
}
