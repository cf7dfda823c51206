using System.Diagnostics.CodeAnalysis;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>The constraints used last, by what they were made of, and the refusals of what could not be made. Thread-safe.</summary>
/// <param name="capacity">At most this many; 0 keeps none.</param>
/// <param name="maxBytes">At most so many bytes together. Constraints grow while they are used: the bound is kept when one is added.</param>
internal sealed class GrammarCache(int capacity, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();

    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>The constraint of this key, if it is kept.</summary>
    /// <exception cref="ConstraintException">What was refused before is refused again.</exception>
    public bool TryFind(string key, [NotNullWhen(true)] out ITokenConstraintSource? source)
    {
        source = null;
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<Entry>? entry))
                return false;
            _byUse.Remove(entry);
            if (entry.Value.Source is IKeptConstraint { IsWornOut: true })
            {
                _entries.Remove(key);
                return false;
            }
            _byUse.AddFirst(entry);
            source = entry.Value.Source ?? throw entry.Value.Refusal!.Again();
            return true;
        }
    }

    /// <summary>Keeps a new constraint. Compiling holds no lock: two requests may both do it, and the first to finish is kept.</summary>
    /// <returns>The one that is kept.</returns>
    public ITokenConstraintSource Add(string key, ITokenConstraintSource source) => Add(new Entry(key, source, null)).Source!;

    /// <summary>Keeps a refusal, so that asking again costs nothing.</summary>
    public void AddRefusal(string key, ConstraintException refusal) => Add(new Entry(key, null, refusal));

    private Entry Add(Entry entry)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Key, out LinkedListNode<Entry>? earlier))
                return earlier.Value;
            _entries.Add(entry.Key, _byUse.AddFirst(entry));
            long bytes = _byUse.Sum(e => e.Bytes);
            while (_byUse.Last is { } last && (_entries.Count > capacity || bytes > maxBytes))
            {
                bytes -= last.Value.Bytes;
                _entries.Remove(last.Value.Key);
                _byUse.RemoveLast();
            }
            return entry;
        }
    }

    private sealed record Entry(string Key, ITokenConstraintSource? Source, ConstraintException? Refusal)
    {
        public long Bytes => (Source as IKeptConstraint)?.BytesKept ?? 0;
    }
}

/// <summary>A constraint whose memory is counted.</summary>
internal interface IKeptConstraint : ITokenConstraintSource
{
    /// <summary>Bytes it keeps now, roughly.</summary>
    long BytesKept { get; }

    /// <summary>It has found out so much that a fresh one is the better start for the next request.</summary>
    bool IsWornOut { get; }
}
