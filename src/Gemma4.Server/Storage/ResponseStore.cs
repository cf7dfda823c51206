using Gemma4.Server.Hosting;
using Gemma4.Server.OpenAI.Responses;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>Keeps responses in memory, bounded in number, bytes and time: the oldest go first. Thread-safe.</summary>
internal sealed class ResponseStore(IOptions<ApiOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ResponseItem> _items = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _oldestFirst = [];
    private long _size;

    /// <summary>Keeps a response.</summary>
    public void Add(StoredResponse response)
    {
        lock (_lock)
        {
            var entry = new Entry(response, time.GetUtcNow() + TimeSpan.FromMinutes(options.Value.StoredResponseMinutes));
            _byId[response.Response.Id] = _oldestFirst.AddLast(entry);
            _size += response.Size;
            // An item that a client gives back under its id stays the one that was generated.
            foreach (ResponseItem item in response.OwnItems)
                _items.TryAdd(item.Id!, item);
            Evict();
        }
    }

    /// <summary>The response of this id; null when it is not kept.</summary>
    public StoredResponse? Find(string id)
    {
        lock (_lock)
        {
            Evict();
            return _byId.GetValueOrDefault(id)?.Value.Response;
        }
    }

    /// <summary>The item of this id among those of kept responses; null when there is none.</summary>
    public ResponseItem? FindItem(string id)
    {
        lock (_lock)
        {
            Evict();
            return _items.GetValueOrDefault(id);
        }
    }

    /// <summary>Forgets a response. False when it was not kept.</summary>
    public bool Remove(string id)
    {
        lock (_lock)
        {
            Evict();
            if (!_byId.TryGetValue(id, out LinkedListNode<Entry>? node))
                return false;
            Forget(node);
            return true;
        }
    }

    private void Evict()
    {
        ApiOptions bounds = options.Value;
        DateTimeOffset now = time.GetUtcNow();
        while (_oldestFirst.First is { } oldest && (oldest.Value.Expires <= now
            || _byId.Count > bounds.MaxStoredResponses || _size > bounds.MaxStoredMegabytes * 1_000_000L))
            Forget(oldest);
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        StoredResponse response = node.Value.Response;
        _oldestFirst.Remove(node);
        _byId.Remove(response.Response.Id);
        _size -= response.Size;
        foreach (ResponseItem item in response.OwnItems.Where(i => ReferenceEquals(_items.GetValueOrDefault(i.Id!), i)))
            _items.Remove(item.Id!);
    }

    private sealed record Entry(StoredResponse Response, DateTimeOffset Expires);
}
