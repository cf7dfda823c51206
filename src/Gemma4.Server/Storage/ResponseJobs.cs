using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>How a response in the background stands.</summary>
/// <param name="Response">As it is kept.</param>
/// <param name="IsRunning">Whether somebody makes it, or will.</param>
internal sealed record ResponseProgress(ResponseObject Response, bool IsRunning);

/// <summary>A job that was taken over from a server that is gone.</summary>
/// <param name="Job">Held from now on.</param>
/// <param name="Queued">The response as it was promised.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Input">The request's own items.</param>
/// <param name="Earlier">The items before those.</param>
/// <param name="Files">The files of its caller.</param>
/// <param name="Attempt">How often it was begun, this time included.</param>
/// <param name="NumEvents">Events that an earlier try made, which somebody may have read.</param>
internal sealed record ClaimedResponse(
    ResponseJob Job, ResponseObject Queued, ResponseRequest Request, ImmutableArray<ResponseItem> Input, EarlierItems Earlier, CallerFiles Files, int Attempt, int NumEvents);

/// <summary>Responses in the background: promised, kept with what they take, and made by whichever server holds the lease. Thread-safe.</summary>
internal sealed class ResponseJobs(Store store, Leases leases, ResponseStore responses, FileStore files)
{
    /// <summary>Promises a response and holds its job. When this returns, it is written.</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="queued">As it is told to the caller.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageException">It is not promised.</exception>
    public async Task<ResponseJob> QueueAsync(Caller caller, StoredResponse queued, ResponseRequest request, CancellationToken cancellationToken)
    {
        string lease = Leases.New();
        await store.WriteAsync(
            caller,
            async rows =>
            {
                long key = await responses.InsertAsync(rows, queued);
                // Its items are kept already, as those of any response.
                byte[] asked = StoredJson.Bytes(request with { Input = null }, OpenAIJson.Context.ResponseRequest);
                await leases.InsertAsync(rows, key, EntryKinds.Response, queued.Response.Model, asked, lease);
                return key;
            },
            cancellationToken);
        return Held(caller, queued.Response.Id, lease);
    }

    /// <summary>Takes over the oldest job that nobody holds.</summary>
    /// <param name="models">Names of models that are served here; null for any.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The job; null when there is none.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public async Task<ClaimedResponse?> ClaimAsync(IReadOnlyList<string>? models, CancellationToken cancellationToken)
    {
        ClaimedJob? found = await leases.ClaimAsync(EntryKinds.Response, models, [], cancellationToken);
        return found is null ? null : await ReadAsync(found, cancellationToken);
    }

    /// <summary>How a response stands; null when it is not kept.</summary>
    public Task<ResponseProgress?> ProgressAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(
            caller,
            async rows => await rows.FindAsync(EntryKinds.Response, id) is { } entry
                ? new ResponseProgress(await ResponseStore.WithOutputAsync(rows, entry), await Leases.HeldUntilAsync(rows, entry.Key) is not null)
                : null,
            cancellationToken)
        : Task.FromResult<ResponseProgress?>(null);

    /// <summary>The events of a response from a number on, some hundreds at once; null when it is not kept.</summary>
    public Task<ImmutableArray<ResponseStreamEvent>?> EventsAsync(Caller caller, string id, int from, CancellationToken cancellationToken) => store.ReadAsync<ImmutableArray<ResponseStreamEvent>?>(
        caller,
        async rows =>
        {
            if (await rows.FindAsync(EntryKinds.Response, id) is not { } entry)
                return null;
            List<(long First, byte[] Lines)> found = await rows.Session.QueryAsync(
                "SELECT first, body FROM events WHERE entry = @key AND first + count > @from ORDER BY first LIMIT 8",
                row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), ("@key", entry.Key), ("@from", from));
            return
            [
                .. found.SelectMany(row => Encoding.UTF8.GetString(row.Lines).Split('\n'))
                    .Select(line => JsonSerializer.Deserialize(line, OpenAIJson.Context.ResponseStreamEvent)!).Where(e => e.SequenceNumber >= from),
            ];
        },
        cancellationToken);

    /// <summary>Asks whoever makes a response to end it; one that nobody makes ends here.</summary>
    /// <returns>How it stands now; null when it is not kept.</returns>
    public Task<ResponseProgress?> CancelAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Response, id) is not { } entry)
                    return null;
                ResponseObject response = await ResponseStore.WithOutputAsync(rows, entry);
                if (await Leases.HeldUntilAsync(rows, entry.Key) is not { } until)
                    return new ResponseProgress(response, false);
                if (until >= store.Now)
                {
                    await rows.Session.ExecuteAsync("UPDATE jobs SET cancelled = 1 WHERE entry = @key", ("@key", entry.Key));
                    return new ResponseProgress(response, true);
                }
                response = response with { Status = "cancelled" };
                await responses.EndAsync(rows, entry.Key, response);
                await rows.Session.ExecuteAsync("DELETE FROM jobs WHERE entry = @key", ("@key", entry.Key));
                return new ResponseProgress(response, false);
            },
            cancellationToken)
        : Task.FromResult<ResponseProgress?>(null);

    private async Task<ClaimedResponse?> ReadAsync(ClaimedJob found, CancellationToken cancellationToken)
    {
        var caller = new Caller(found.Owner);
        return await store.ReadAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Response, found.Id) is not { } entry)
                    return null;
                ImmutableArray<EntryItem> chain = await rows.ChainAsync(entry.Key);
                ImmutableArray<EntryItem> input = await rows.ItemsAsync(entry.Key, ItemRole.Input);
                long numEvents = await rows.Session.NumberAsync("SELECT MAX(first + count) FROM events WHERE entry = @key", ("@key", entry.Key)) ?? 0;
                return new ClaimedResponse(
                    Held(caller, found.Id, found.Lease), StoredJson.Value(entry.Body, OpenAIJson.Context.ResponseObject) with { Status = "queued" },
                    StoredJson.Value(found.Request, OpenAIJson.Context.ResponseRequest), [.. input.Select(StoredJson.Item)],
                    new EarlierItems(null, [.. chain.SkipLast(input.Length).Select(StoredJson.Item)]), new CallerFiles(files, caller), (int)found.Attempts, (int)numEvents);
            },
            cancellationToken);
    }

    private ResponseJob Held(Caller caller, string id, string lease) => new(store, leases, responses, caller, id, lease);
}
