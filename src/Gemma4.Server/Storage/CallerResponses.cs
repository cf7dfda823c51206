using System.Collections.Immutable;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>What one caller has in the store. Others' responses are not there for it, whatever ids it names.</summary>
internal readonly struct CallerResponses(ResponseStore store, ResponseJobs jobs, ConversationStore conversations, FileStore files, Caller caller)
{
    /// <summary>The files of the same caller.</summary>
    public CallerFiles Files => new(files, caller);

    /// <summary>The items of a conversation, to be gone on from; null when it is not kept.</summary>
    public Task<EarlierItems?> InConversationAsync(string id, CancellationToken cancellationToken) => conversations.EarlierAsync(caller, id, cancellationToken);

    /// <summary>Promises a response in the background, and holds its job.</summary>
    /// <exception cref="StorageException">It is not promised.</exception>
    public Task<ResponseJob> QueueAsync(StoredResponse queued, ResponseRequest request, CancellationToken cancellationToken) =>
        jobs.QueueAsync(caller, queued, request, cancellationToken);

    /// <summary>How a response stands; null when it is not kept.</summary>
    public Task<ResponseProgress?> ProgressAsync(string id, CancellationToken cancellationToken) => jobs.ProgressAsync(caller, id, cancellationToken);

    /// <summary>The events of a response from a number on, some hundreds at once; null when it is not kept.</summary>
    public Task<ImmutableArray<ResponseStreamEvent>?> EventsAsync(string id, int from, CancellationToken cancellationToken) =>
        jobs.EventsAsync(caller, id, from, cancellationToken);

    /// <summary>Asks whoever makes a response to end it.</summary>
    /// <returns>How it stands now; null when it is not kept.</returns>
    public Task<ResponseProgress?> CancelAsync(string id, CancellationToken cancellationToken) => jobs.CancelAsync(caller, id, cancellationToken);

    /// <summary>Keeps a response, before it is answered.</summary>
    /// <returns>Whether it is kept.</returns>
    public Task<bool> TryKeepAsync(StoredResponse response) => store.TryKeepAsync(caller, response);

    /// <summary>The response of this id; null when it is not kept.</summary>
    public Task<ResponseObject?> FindAsync(string id, CancellationToken cancellationToken) => store.FindAsync(caller, id, cancellationToken);

    /// <summary>All items up to and including the output of the response of this id; null when it is not kept.</summary>
    public Task<EarlierItems?> ConversationAsync(string id, CancellationToken cancellationToken) => store.ConversationAsync(caller, id, cancellationToken);

    /// <summary>A page of what was put into the response of this id; null when it is not kept.</summary>
    public Task<StoredPage<ResponseItem>?> InputAsync(string id, PageRequest page, CancellationToken cancellationToken) =>
        store.InputAsync(caller, id, page, cancellationToken);

    /// <summary>The item of this id among those of kept responses; null when there is none.</summary>
    public Task<ResponseItem?> FindItemAsync(string id, CancellationToken cancellationToken) => store.FindItemAsync(caller, id, cancellationToken);

    /// <summary>Forgets a response. False when it was not kept.</summary>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken) => store.RemoveAsync(caller, id, cancellationToken);
}
