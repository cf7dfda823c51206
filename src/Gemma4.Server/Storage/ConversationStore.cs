using System.Collections.Immutable;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Conversations;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>Conversations that are kept. Thread-safe.</summary>
internal sealed class ConversationStore(Store store)
{
    /// <summary>Keeps a conversation. When this returns, it is written.</summary>
    /// <exception cref="StorageException">It is not written.</exception>
    public Task<long> AddAsync(Caller caller, Conversation conversation, ImmutableArray<ResponseItem> items, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        rows => rows.InsertAsync(new NewEntry(EntryKinds.Conversation, conversation.Id, "", store.Now, Body(conversation)) { Items = [.. items.Select(Input)] }),
        cancellationToken);

    /// <summary>A caller's conversation; null when it is not kept.</summary>
    public Task<Conversation?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        ReadAsync(caller, id, (_, entry) => ValueTask.FromResult<Conversation?>(Value(entry)), cancellationToken);

    /// <summary>Gives a conversation other metadata.</summary>
    /// <returns>The conversation; null when it is not kept.</returns>
    public Task<Conversation?> UpdateAsync(Caller caller, string id, Dictionary<string, string> metadata, CancellationToken cancellationToken) => WriteAsync<Conversation>(
        caller,
        id,
        async (rows, entry) =>
        {
            Conversation updated = Value(entry) with { Metadata = metadata };
            await rows.ReplaceAsync(entry.Key, Body(updated));
            return updated;
        },
        cancellationToken);

    /// <summary>Forgets a caller's conversation. False when it was not kept.</summary>
    public Task<bool> RemoveAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(caller, rows => rows.DeleteAsync(EntryKinds.Conversation, id), cancellationToken)
        : Task.FromResult(false);

    /// <summary>A page of a conversation's items; null when it is not kept.</summary>
    public Task<StoredPage<ResponseItem>?> ItemsAsync(Caller caller, string id, PageRequest page, CancellationToken cancellationToken) => ReadAsync<StoredPage<ResponseItem>>(
        caller,
        id,
        async (rows, entry) =>
        {
            StoredPage<EntryItem> items = await rows.ItemPageAsync(entry.Key, page, null);
            return new StoredPage<ResponseItem>([.. items.Items.Select(StoredJson.Item)], items.HasMore);
        },
        cancellationToken);

    /// <summary>Adds items at the end of a conversation.</summary>
    /// <returns>The conversation; null when it is not kept.</returns>
    /// <exception cref="StorageException">They are not written.</exception>
    public Task<Conversation?> AppendAsync(Caller caller, string id, ImmutableArray<ResponseItem> items, CancellationToken cancellationToken) => WriteAsync<Conversation>(
        caller,
        id,
        async (rows, entry) =>
        {
            await rows.AppendAsync(entry.Key, await rows.NextPositionAsync(entry.Key), [.. items.Select(Input)]);
            await rows.TouchAsync(entry.Key, store.Now);
            return Value(entry);
        },
        cancellationToken);

    /// <summary>One item of a conversation; null when there is none.</summary>
    public Task<ResponseItem?> FindItemAsync(Caller caller, string id, string itemId, CancellationToken cancellationToken) => ReadAsync<ResponseItem>(
        caller,
        id,
        async (rows, entry) => StoredJson.IsId(itemId) && await rows.FindItemOfAsync(entry.Key, itemId) is { } item ? StoredJson.Item(item) : null,
        cancellationToken);

    /// <summary>Forgets an item of a conversation.</summary>
    /// <returns>The conversation, and whether the item was there; null when the conversation is not kept.</returns>
    public Task<ItemRemoval?> RemoveItemAsync(Caller caller, string id, string itemId, CancellationToken cancellationToken) => WriteAsync<ItemRemoval>(
        caller, id, async (rows, entry) => new ItemRemoval(Value(entry), StoredJson.IsId(itemId) && await rows.RemoveItemAsync(entry.Key, itemId)), cancellationToken);

    /// <summary>The items of a conversation and where they end, to be gone on from; null when it is not kept.</summary>
    public Task<EarlierItems?> EarlierAsync(Caller caller, string id, CancellationToken cancellationToken) => ReadAsync<EarlierItems>(
        caller,
        id,
        async (rows, entry) => new EarlierItems(
            new EntryParent(entry.Key, await rows.NextPositionAsync(entry.Key)), [.. (await rows.ChainAsync(entry.Key)).Select(StoredJson.Item)]),
        cancellationToken);

    private Task<T?> ReadAsync<T>(Caller caller, string id, Func<OwnerRows, StoredEntry, ValueTask<T?>> read, CancellationToken cancellationToken)
        where T : class => StoredJson.IsId(id)
        ? store.ReadAsync(caller, async rows => await rows.FindAsync(EntryKinds.Conversation, id) is { } entry ? await read(rows, entry) : null, cancellationToken)
        : Task.FromResult<T?>(null);

    private Task<T?> WriteAsync<T>(Caller caller, string id, Func<OwnerRows, StoredEntry, ValueTask<T?>> write, CancellationToken cancellationToken)
        where T : class => StoredJson.IsId(id)
        ? store.WriteAsync(caller, async rows => await rows.FindAsync(EntryKinds.Conversation, id) is { } entry ? await write(rows, entry) : null, cancellationToken)
        : Task.FromResult<T?>(null);

    private static EntryItem Input(ResponseItem item) => StoredJson.Item(ItemRole.Input, item);

    private static byte[] Body(Conversation conversation) => StoredJson.Bytes(conversation, OpenAIJson.Context.Conversation);

    private static Conversation Value(StoredEntry entry) => StoredJson.Value(entry.Body, OpenAIJson.Context.Conversation);
}

/// <summary>What became of an item that was to be forgotten.</summary>
/// <param name="Conversation">Its conversation.</param>
/// <param name="WasThere">Whether there was one.</param>
internal sealed record ItemRemoval(Conversation Conversation, bool WasThere);
