using System.Collections.Immutable;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>Responses that are kept. Thread-safe.</summary>
internal sealed class ResponseStore(Store store)
{
    /// <summary>Keeps a response, before it is answered.</summary>
    /// <returns>Whether it is kept.</returns>
    public Task<bool> TryKeepAsync(Caller caller, StoredResponse response) =>
        store.TryKeepAsync(
            caller,
            async rows =>
            {
                long key = response.Response.Store ? await InsertAsync(rows, response) : 0;
                return await AddToConversationAsync(rows, response.Response, response.Input) is { } conversation && key == 0 ? conversation : key;
            });

    /// <summary>A caller's response; null when it is not kept.</summary>
    public Task<ResponseObject?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller,
            async rows => await rows.FindAsync(EntryKinds.Response, id) is { } entry ? await WithOutputAsync(rows, entry) : null,
            cancellationToken)
        : Task.FromResult<ResponseObject?>(null);

    /// <summary>All items up to and including a response's output; null when it is not kept.</summary>
    public Task<EarlierItems?> ConversationAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller,
            async rows => await rows.FindAsync(EntryKinds.Response, id) is { } entry
                ? new EarlierItems(new EntryParent(entry.Key, null), [.. (await rows.ChainAsync(entry.Key)).Select(StoredJson.Item)])
                : null,
            cancellationToken)
        : Task.FromResult<EarlierItems?>(null);

    /// <summary>A page of what was put into a response; null when it is not kept.</summary>
    public Task<StoredPage<ResponseItem>?> InputAsync(Caller caller, string id, PageRequest page, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Response, id) is not { } entry)
                    return null;
                StoredPage<EntryItem> items = await rows.ItemPageAsync(entry.Key, page, ItemRole.Input);
                return new StoredPage<ResponseItem>([.. items.Items.Select(StoredJson.Item)], items.HasMore);
            },
            cancellationToken)
        : Task.FromResult<StoredPage<ResponseItem>?>(null);

    /// <summary>The item of this id among those of a caller's responses; null when there is none.</summary>
    public Task<ResponseItem?> FindItemAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller, async rows => await rows.FindItemAsync(id) is { } item ? StoredJson.Item(item) : null, cancellationToken)
        : Task.FromResult<ResponseItem?>(null);

    /// <summary>Forgets a caller's response. False when it was not kept.</summary>
    public Task<bool> RemoveAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(caller, rows => rows.DeleteAsync(EntryKinds.Response, id), cancellationToken)
        : Task.FromResult(false);

    /// <summary>Writes a response.</summary>
    /// <returns>The number of its entry.</returns>
    public async ValueTask<long> InsertAsync(OwnerRows rows, StoredResponse stored)
    {
        (ResponseObject response, ImmutableArray<ResponseItem> input, EarlierItems earlier) = stored;
        // What it goes on from may have gone meanwhile: then it keeps those items itself.
        bool hasParent = earlier.Parent is { } parent && await rows.HasAsync(parent.Key);
        return await rows.InsertAsync(new NewEntry(EntryKinds.Response, response.Id, response.Model, store.Now, Body(response))
        {
            Parent = hasParent ? earlier.Parent : null,
            Items =
            [
                .. hasParent ? [] : earlier.Items.Select(item => StoredJson.Item(ItemRole.Earlier, item)),
                .. input.Select(item => StoredJson.Item(ItemRole.Input, item)),
                .. Output(response),
            ],
        });
    }

    /// <summary>Adds what went into a response and came out of it to the conversation that it was made in.</summary>
    /// <returns>The number of the conversation's entry; null where it is made in none, or that is kept no more.</returns>
    private async ValueTask<long?> AddToConversationAsync(OwnerRows rows, ResponseObject response, ImmutableArray<ResponseItem> input)
    {
        if (response.Conversation is not { } conversation || await rows.FindAsync(EntryKinds.Conversation, conversation.Id) is not { } entry)
            return null;
        await rows.AppendAsync(entry.Key, await rows.NextPositionAsync(entry.Key), [.. input.Select(item => StoredJson.Item(ItemRole.Input, item)), .. Output(response)]);
        await rows.TouchAsync(entry.Key, store.Now);
        return entry.Key;
    }

    private static ImmutableArray<EntryItem> Output(ResponseObject response) => [.. response.Output.Select(item => StoredJson.Item(ItemRole.Output, item))];

    /// <summary>A response as its entry's body has it: its output stands among the entry's items.</summary>
    public static byte[] Body(ResponseObject response) => StoredJson.Bytes(response with { Output = [] }, OpenAIJson.Context.ResponseObject);

    /// <summary>Writes what became of a response that was promised.</summary>
    public async ValueTask EndAsync(OwnerRows rows, long key, ResponseObject response)
    {
        await rows.ReplaceAsync(key, Body(response));
        await rows.AppendAsync(key, await rows.NextPositionAsync(key), Output(response));
        if (response.Status is "completed" or "incomplete")
            await AddToConversationAsync(rows, response, [.. (await rows.ItemsAsync(key, ItemRole.Input)).Select(StoredJson.Item)]);
    }

    /// <summary>A response of an entry.</summary>
    public static async ValueTask<ResponseObject> WithOutputAsync(OwnerRows rows, StoredEntry entry)
    {
        ImmutableArray<EntryItem> output = await rows.ItemsAsync(entry.Key, ItemRole.Output);
        return StoredJson.Value(entry.Body, OpenAIJson.Context.ResponseObject) with { Output = [.. output.Select(StoredJson.Item)] };
    }
}
