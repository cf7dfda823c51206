using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Storage;

/// <summary>Chat completions that are kept. Thread-safe.</summary>
internal sealed class ChatStore(Store store)
{
    /// <summary>Keeps a chat completion, before it is answered.</summary>
    /// <returns>Whether it is kept.</returns>
    public Task<bool> TryKeepAsync(Caller caller, ChatCompletion completion, ChatMessageDto[] messages) => store.TryKeepAsync(
        caller,
        rows => rows.InsertAsync(new NewEntry(EntryKinds.Chat, completion.Id, completion.Model, store.Now, StoredJson.Bytes(completion, OpenAIJson.Context.ChatCompletion))
        {
            Items = [.. messages.Select((message, i) => new EntryItem(ItemRole.Input, $"{completion.Id}-{i}", StoredJson.Bytes(message, OpenAIJson.Context.ChatMessageDto)))],
            Tags = Tags(completion.Metadata),
        }));

    /// <summary>A caller's chat completion; null when it is not kept.</summary>
    public Task<ChatCompletion?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(caller, async rows => await rows.FindAsync(EntryKinds.Chat, id) is { } entry ? Completion(entry) : null, cancellationToken)
        : Task.FromResult<ChatCompletion?>(null);

    /// <summary>A page of a caller's chat completions.</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="page">Which page.</param>
    /// <param name="model">Only those of this model; null for all.</param>
    /// <param name="metadata">Only those with all of these.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Task<StoredPage<ChatCompletion>> ListAsync(
        Caller caller, PageRequest page, string? model, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        async rows =>
        {
            StoredPage<StoredEntry> found = await rows.ListAsync(EntryKinds.Chat, page, model, Tags(metadata));
            return new StoredPage<ChatCompletion>([.. found.Items.Select(Completion)], found.HasMore);
        },
        cancellationToken);

    /// <summary>A page of the messages that were put into a chat completion; null when it is not kept.</summary>
    public Task<StoredPage<StoredMessage>?> MessagesAsync(Caller caller, string id, PageRequest page, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Chat, id) is not { } entry)
                    return null;
                StoredPage<EntryItem> found = await rows.ItemPageAsync(entry.Key, page, ItemRole.Input);
                return new StoredPage<StoredMessage>([.. found.Items.Select(Message)], found.HasMore);
            },
            cancellationToken)
        : Task.FromResult<StoredPage<StoredMessage>?>(null);

    /// <summary>Gives a chat completion other metadata.</summary>
    /// <returns>The chat completion; null when it is not kept.</returns>
    public Task<ChatCompletion?> UpdateAsync(Caller caller, string id, Dictionary<string, string> metadata, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Chat, id) is not { } entry)
                    return null;
                ChatCompletion updated = Completion(entry) with { Metadata = metadata };
                await rows.ReplaceAsync(entry.Key, StoredJson.Bytes(updated, OpenAIJson.Context.ChatCompletion));
                await rows.TagAsync(entry.Key, Tags(metadata));
                return updated;
            },
            cancellationToken)
        : Task.FromResult<ChatCompletion?>(null);

    /// <summary>Forgets a caller's chat completion. False when it was not kept.</summary>
    public Task<bool> RemoveAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(caller, rows => rows.DeleteAsync(EntryKinds.Chat, id), cancellationToken)
        : Task.FromResult(false);

    /// <summary>What metadata are found by: hashes, since names and values may be any text.</summary>
    private static ImmutableArray<string> Tags(IEnumerable<KeyValuePair<string, string>>? metadata) =>
        [.. (metadata ?? []).Select(pair => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{pair.Key.Length}:{pair.Key}{pair.Value}"))))];

    private static ChatCompletion Completion(StoredEntry entry) => StoredJson.Value(entry.Body, OpenAIJson.Context.ChatCompletion);

    private static StoredMessage Message(EntryItem item)
    {
        ChatMessageDto message = StoredJson.Value(item.Body, OpenAIJson.Context.ChatMessageDto);
        return new StoredMessage
        {
            Id = item.Id!,
            Role = message.Role,
            Content = message.Content?.Text,
            ContentParts = message.Content?.Parts,
            Refusal = message.Refusal,
            Name = message.Name,
            ToolCalls = message.ToolCalls,
            ToolCallId = message.ToolCallId,
        };
    }
}
