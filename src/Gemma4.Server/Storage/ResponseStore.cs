using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>Keeps responses in memory, bounded in number, bytes and time: the oldest go first. Thread-safe.</summary>
internal sealed class ResponseStore(IOptions<ApiOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Caller, string), LinkedListNode<Entry>> _byId = [];
    private readonly Dictionary<(Caller, string), ResponseItem> _items = [];
    private readonly LinkedList<Entry> _oldestFirst = [];
    private long _size;

    /// <summary>What one caller has here.</summary>
    public CallerResponses Of(Caller caller) => new(this, caller);

    /// <summary>Keeps a caller's response.</summary>
    public void Add(Caller caller, StoredResponse response)
    {
        lock (_lock)
        {
            var entry = new Entry(caller, response, time.GetUtcNow() + TimeSpan.FromMinutes(options.Value.StoredResponseMinutes));
            _byId[(caller, response.Response.Id)] = _oldestFirst.AddLast(entry);
            _size += response.Size;
            // An item that a client gives back under its id stays the one that was generated.
            foreach (ResponseItem item in response.OwnItems)
                _items.TryAdd((caller, item.Id!), item);
            Evict();
        }
    }

    /// <summary>Puts what became of a response in its place, if it is still kept.</summary>
    public void Replace(Caller caller, StoredResponse response)
    {
        lock (_lock)
        {
            if (!_byId.TryGetValue((caller, response.Response.Id), out LinkedListNode<Entry>? node))
                return;
            Forget(node);
            Add(caller, response);
        }
    }

    /// <summary>A caller's response of this id; null when it is not kept.</summary>
    public StoredResponse? Find(Caller caller, string id)
    {
        lock (_lock)
        {
            Evict();
            return _byId.GetValueOrDefault((caller, id))?.Value.Response;
        }
    }

    /// <summary>The item of this id among those of a caller's responses; null when there is none.</summary>
    public ResponseItem? FindItem(Caller caller, string id)
    {
        lock (_lock)
        {
            Evict();
            return _items.GetValueOrDefault((caller, id));
        }
    }

    /// <summary>Forgets a caller's response. False when it was not kept.</summary>
    public bool Remove(Caller caller, string id)
    {
        lock (_lock)
        {
            Evict();
            if (!_byId.TryGetValue((caller, id), out LinkedListNode<Entry>? node))
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
        (Caller caller, StoredResponse response, _) = node.Value;
        _oldestFirst.Remove(node);
        _byId.Remove((caller, response.Response.Id));
        _size -= response.Size;
        foreach (ResponseItem item in response.OwnItems.Where(i => ReferenceEquals(_items.GetValueOrDefault((caller, i.Id!)), i)))
            _items.Remove((caller, item.Id!));
    }

    private sealed record Entry(Caller Caller, StoredResponse Response, DateTimeOffset Expires);
}
