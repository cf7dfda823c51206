namespace Gemma4.Engine.Execution;

/// <summary>Encoded media by content, least recently used out first; shared between requests and between the steps of one prompt.</summary>
/// <param name="maxBytes">Bytes kept between steps; within a step everything that the step needs is held.</param>
internal sealed class SoftTokenCache(long maxBytes)
{
    private readonly Dictionary<UInt128, LinkedListNode<Entry>> _byHash = [];
    private readonly LinkedList<Entry> _byUse = [];      // most recent first
    private long _bytes;

    /// <summary>Finds an item and counts it as used.</summary>
    /// <param name="contentHash">Identifies content and budget.</param>
    /// <param name="softTokens"><c>[M, D]</c> row-major.</param>
    public bool TryGet(UInt128 contentHash, out ReadOnlyMemory<float> softTokens)
    {
        if (!_byHash.TryGetValue(contentHash, out LinkedListNode<Entry>? node))
        {
            softTokens = default;
            return false;
        }
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        softTokens = node.Value.SoftTokens;
        return true;
    }

    /// <summary>Keeps an item.</summary>
    /// <param name="contentHash">Not in the cache yet.</param>
    /// <param name="softTokens"><c>[M, D]</c> row-major; not changed from here on.</param>
    public void Add(UInt128 contentHash, float[] softTokens)
    {
        _byHash.Add(contentHash, _byUse.AddFirst(new Entry(contentHash, softTokens)));
        _bytes += Bytes(softTokens);
    }

    /// <summary>Lets go of what was not used for longest, down to the limit.</summary>
    public void Trim()
    {
        while (_bytes > maxBytes && _byUse.Last is { } last)
        {
            _byUse.RemoveLast();
            _byHash.Remove(last.Value.ContentHash);
            _bytes -= Bytes(last.Value.SoftTokens);
        }
    }

    private static long Bytes(float[] softTokens) => softTokens.LongLength * sizeof(float);

    private sealed record Entry(UInt128 ContentHash, float[] SoftTokens);
}
