using System.Runtime.InteropServices;

namespace Gemma4.Engine.Scheduling;

/// <summary>Sequences in the order of service: those of batches behind all others, then smaller priority first, then the earlier; the last is the youngest.</summary>
internal sealed class SequenceQueue
{
    private readonly List<Sequence> _items = [];

    /// <summary>Number of sequences.</summary>
    public int Count => _items.Count;

    /// <summary>How many of them, at the beginning, are interactive: not of a batch.</summary>
    public int NumInteractive { get; private set; }

    /// <summary>Place of the first interactive sequence, or of the first of a batch; <see cref="End"/> where there is none.</summary>
    public int First(bool isBatch) => isBatch ? NumInteractive : 0;

    /// <summary>Place behind the last interactive sequence, or behind the last of a batch.</summary>
    public int End(bool isBatch) => isBatch ? Count : NumInteractive;

    /// <summary>The sequence at a place in the order.</summary>
    public Sequence this[int index] => _items[index];

    /// <summary>All, in order. Valid until the next change.</summary>
    public ReadOnlySpan<Sequence> Items => CollectionsMarshal.AsSpan(_items);

    /// <summary>Puts a sequence where it belongs, be it new or preempted.</summary>
    public void Add(Sequence sequence)
    {
        int index = _items.Count;
        while (index > 0 && IsBefore(sequence, _items[index - 1]))
            index--;
        _items.Insert(index, sequence);
        if (!sequence.Request.IsBatch)
            NumInteractive++;
    }

    /// <summary>Removes the sequence at a place.</summary>
    public void RemoveAt(int index)
    {
        _items.RemoveAt(index);
        if (index < NumInteractive)
            NumInteractive--;
    }

    /// <summary>Removes a sequence that is in the queue.</summary>
    public void Remove(Sequence sequence) => RemoveAt(_items.IndexOf(sequence));

    private static bool IsBefore(Sequence a, Sequence b) => a.Request.IsBatch != b.Request.IsBatch
        ? b.Request.IsBatch
        : a.Request.Priority != b.Request.Priority ? a.Request.Priority < b.Request.Priority : a.Id.Value < b.Id.Value;
}
