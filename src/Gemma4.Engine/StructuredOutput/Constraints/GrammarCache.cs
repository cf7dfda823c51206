using Gemma4.Engine.Requests;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>The constraints used last, by what they were made of. Thread-safe.</summary>
/// <param name="capacity">At most this many; 0 keeps none.</param>
internal sealed class GrammarCache(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, ITokenConstraintSource Source)>> _entries = [];
    private readonly LinkedList<(string Key, ITokenConstraintSource Source)> _byUse = new();

    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>The constraint of this key, compiled if it is not kept. Compiling holds no lock: two requests may both do it, and the first to finish is kept.</summary>
    public ITokenConstraintSource GetOrAdd(string key, Func<ITokenConstraintSource> compile)
    {
        if (Find(key) is { } known)
            return known;
        ITokenConstraintSource source = compile();
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var earlier))
                return earlier.Value.Source;
            if (capacity > 0)
                _entries.Add(key, _byUse.AddFirst((key, source)));
            if (_entries.Count > capacity)
            {
                _entries.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }
            return source;
        }
    }

    private ITokenConstraintSource? Find(string key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
                return null;
            _byUse.Remove(entry);
            _byUse.AddFirst(entry);
            return entry.Value.Source;
        }
    }
}
