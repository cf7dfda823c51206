using System.Runtime.InteropServices;

namespace Gemma4.Engine.Scheduling;

/// <summary>Sequences in the order of service: smaller priority first, then the earlier; the last is the youngest.</summary>
internal sealed class SequenceQueue
{
    private readonly List<Sequence> _items = [];

    /// <summary>Number of sequences.</summary>
    public int Count => _items.Count;

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
    }

    /// <summary>Removes the sequence at a place.</summary>
    public void RemoveAt(int index) => _items.RemoveAt(index);

    /// <summary>Removes a sequence that is in the queue.</summary>
    public void Remove(Sequence sequence) => _items.Remove(sequence);

    private static bool IsBefore(Sequence a, Sequence b) =>
        a.Request.Priority != b.Request.Priority ? a.Request.Priority < b.Request.Priority : a.Id.Value < b.Id.Value;
}
