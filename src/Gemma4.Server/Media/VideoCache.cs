using System.Collections.Immutable;

namespace Gemma4.Server.Media;

/// <summary>Frames of the videos that were read last: a conversation about a video decodes it once, not with every question. Bounded in
/// bytes; the video that was not asked for longest goes first. Thread-safe.</summary>
/// <param name="maxBytes">Most bytes of all frames; 0 keeps none.</param>
internal sealed class VideoCache(long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> _byKey = [];
    private readonly LinkedList<Entry> _oldestFirst = [];
    private long _size;

    /// <summary>The frames of a video; null where they are not kept.</summary>
    public ImmutableArray<VideoFrame>? Find(Key key)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out LinkedListNode<Entry>? node))
                return null;
            _oldestFirst.Remove(node);
            _oldestFirst.AddLast(node);
            return node.Value.Frames;
        }
    }

    /// <summary>Keeps the frames of a video, unless it alone is more than all that may be kept.</summary>
    public void Add(Key key, ImmutableArray<VideoFrame> frames)
    {
        long bytes = frames.Sum(f => (long)f.Image.Patches.Length * sizeof(float));
        lock (_lock)
        {
            if (bytes > maxBytes || _byKey.ContainsKey(key))
                return;
            _byKey[key] = _oldestFirst.AddLast(new Entry(key, frames, bytes));
            _size += bytes;
            while (_size > maxBytes)
                Forget(_oldestFirst.First!);
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _oldestFirst.Remove(node);
        _byKey.Remove(node.Value.Key);
        _size -= node.Value.Bytes;
    }

    /// <summary>What the frames depend on.</summary>
    /// <param name="Content">Hash of the file and of the frames' budget.</param>
    /// <param name="NumFrames">How many were asked for.</param>
    public readonly record struct Key(UInt128 Content, int NumFrames);

    private sealed record Entry(Key Key, ImmutableArray<VideoFrame> Frames, long Bytes);
}
