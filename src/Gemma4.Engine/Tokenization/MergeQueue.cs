using System.Buffers;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// Possible merges of a long text, the lowest rank first and the leftmost of equals: a binary heap of 64-bit keys, rank above
/// position. A merge that became impossible stays until it is taken and found stale.
/// </summary>
internal struct MergeQueue(int capacity) : IDisposable
{
    private ulong[] _heap = ArrayPool<ulong>.Shared.Rent(Math.Max(16, capacity));
    private int _count;

    /// <summary>Adds without ordering; <see cref="Order"/> must follow.</summary>
    public void Append(int rank, int position) => _heap[_count++] = Key(rank, position);

    public readonly void Order()
    {
        for (int i = _count / 2 - 1; i >= 0; i--)
            SiftDown(i, _heap[i]);
    }

    public void Add(int rank, int position)
    {
        if (_count == _heap.Length)
            Grow();
        ulong key = Key(rank, position);
        int hole = _count++;
        while (hole > 0 && _heap[(hole - 1) / 2] > key)
        {
            _heap[hole] = _heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }
        _heap[hole] = key;
    }

    public bool TryTake(out int rank, out int position)
    {
        if (_count == 0)
        {
            rank = position = 0;
            return false;
        }
        rank = (int)(_heap[0] >> 32);
        position = (int)_heap[0];
        ulong last = _heap[--_count];
        if (_count > 0)
            SiftDown(0, last);
        return true;
    }

    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(_heap);
        _heap = [];
        _count = 0;
    }

    private static ulong Key(int rank, int position) => ((ulong)(uint)rank << 32) | (uint)position;

    private readonly void SiftDown(int hole, ulong key)
    {
        ReadOnlySpan<ulong> bound = _heap.AsSpan(0, _count);
        while (true)
        {
            int child = 2 * hole + 1;
            if (child >= bound.Length)
                break;
            if (child + 1 < bound.Length && bound[child + 1] < bound[child])
                child++;
            if (bound[child] >= key)
                break;
            _heap[hole] = bound[child];
            hole = child;
        }
        _heap[hole] = key;
    }

    private void Grow()
    {
        ulong[] grown = ArrayPool<ulong>.Shared.Rent(_heap.Length * 2);
        _heap.AsSpan(0, _count).CopyTo(grown);
        ArrayPool<ulong>.Shared.Return(_heap);
        _heap = grown;
    }
}
