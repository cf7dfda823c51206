using System.Diagnostics;

namespace Gemma4.Engine.KvCache;

/// <summary>The free blocks of a pool, next to be taken first: a list whose links lie in two arrays, so that any block leaves in O(1).</summary>
internal sealed class FreeBlockQueue
{
    private const int NotQueued = -2;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _sentinel;

    /// <summary>A queue of all blocks 0, 1, 2, …</summary>
    public FreeBlockQueue(int numBlocks)
    {
        _sentinel = numBlocks;
        _next = new int[numBlocks + 1];
        _previous = new int[numBlocks + 1];
        for (int i = 0; i <= numBlocks; i++)
        {
            _next[i] = i == numBlocks ? 0 : i + 1;
            _previous[i] = i == 0 ? numBlocks : i - 1;
        }
        Count = numBlocks;
    }

    /// <summary>Number of free blocks.</summary>
    public int Count { get; private set; }

    /// <summary>True when the block is in the queue.</summary>
    public bool Contains(BlockId block) => _next[block.Value] != NotQueued;

    /// <summary>Takes the block that waits longest.</summary>
    public BlockId TakeFirst()
    {
        Debug.Assert(Count > 0, "the caller checks that a block is free");
        BlockId first = new(_next[_sentinel]);
        Remove(first);
        return first;
    }

    /// <summary>Takes a block out of wherever it stands.</summary>
    public void Remove(BlockId block)
    {
        int b = block.Value;
        Debug.Assert(Contains(block), "only a queued block can leave");
        _next[_previous[b]] = _next[b];
        _previous[_next[b]] = _previous[b];
        _next[b] = _previous[b] = NotQueued;
        Count--;
    }

    /// <summary>Puts a block where it is taken next: its content is of no use.</summary>
    public void AddFirst(BlockId block) => Insert(block.Value, _sentinel);

    /// <summary>Puts a block where it is taken last: its content may be found again.</summary>
    public void AddLast(BlockId block) => Insert(block.Value, _previous[_sentinel]);

    private void Insert(int b, int after)
    {
        Debug.Assert(_next[b] == NotQueued, "a free block cannot be freed");
        int before = _next[after];
        _next[b] = before;
        _previous[b] = after;
        _next[after] = b;
        _previous[before] = b;
        Count++;
    }
}
