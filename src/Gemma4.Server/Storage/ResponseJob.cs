using System.Collections.Immutable;
using System.Data.Common;
using System.Text;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>A response in the background that this server makes. Others may take it over when the lease is not renewed; whoever holds no lease writes nothing.</summary>
internal sealed class ResponseJob(Store store, Leases leases, ResponseStore responses, Caller caller, string id, string lease)
{
    /// <summary>The response's id.</summary>
    public string Id => id;

    /// <summary>How often the lease is renewed.</summary>
    public TimeSpan RenewalTime => leases.RenewalTime;

    /// <summary>Whether another process can go on with it.</summary>
    public bool OutlivesProcess => store.OutlivesProcess;

    /// <summary>Renews the lease, and keeps what was made since the last time.</summary>
    /// <param name="now">The response as it stands.</param>
    /// <param name="first">Number of the first event.</param>
    /// <param name="events">New events; may be none.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<JobState> RenewAsync(ResponseObject now, int first, IReadOnlyList<ResponseStreamEvent> events, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is not { } job)
                return JobState.Lost;
            await leases.RenewAsync(rows, job.Key, lease);
            if (events.Count > 0)
                await rows.ReplaceAsync(job.Key, ResponseStore.Body(now));
            await AppendAsync(rows, job.Key, first, events);
            return job.IsCancelled ? JobState.Cancelled : JobState.Held;
        },
        cancellationToken);

    /// <summary>Writes how it ended. That is once and for all: the job is no more.</summary>
    /// <returns>False where it was lost, and nothing was written.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<bool> CompleteAsync(ResponseObject response, int first, IReadOnlyList<ResponseStreamEvent> events, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is not { } job)
                return false;
            await responses.EndAsync(rows, job.Key, response);
            await AppendAsync(rows, job.Key, first, events);
            await rows.Session.ExecuteAsync("DELETE FROM jobs WHERE entry = @key AND lease = @lease", ("@key", job.Key), ("@lease", lease));
            return true;
        },
        cancellationToken);

    /// <summary>Drops the events of an earlier try.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<int> ForgetEventsAsync(CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows => await FindAsync(rows) is { } job ? await rows.Session.ExecuteAsync("DELETE FROM events WHERE entry = @key", ("@key", job.Key)) : 0,
        cancellationToken);

    /// <summary>Gives it back, unfinished, for whoever comes next; what was made is dropped.</summary>
    /// <param name="queued">The response as it waits.</param>
    /// <param name="notBefore">How long it is to be left alone.</param>
    /// <param name="counts">Whether this counts as a try.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<bool> ReleaseAsync(ResponseObject queued, TimeSpan notBefore, bool counts, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is not { } job)
                return false;
            await rows.ReplaceAsync(job.Key, ResponseStore.Body(queued));
            await rows.Session.ExecuteAsync("DELETE FROM events WHERE entry = @key", ("@key", job.Key));
            await leases.ReleaseAsync(rows, job.Key, lease, notBefore, counts);
            return true;
        },
        cancellationToken);

    private async ValueTask<HeldJob?> FindAsync(OwnerRows rows) => await rows.Session.FirstAsync(
        "SELECT e.key, j.cancelled FROM entries e JOIN jobs j ON j.entry = e.key WHERE e.owner = @owner AND e.kind = @kind AND e.id = @id AND e.hidden = 0 AND j.lease = @lease",
        row => new HeldJob(row.GetInt64(0), row.GetInt64(1) != 0),
        ("@owner", caller.Id), ("@kind", EntryKinds.Response), ("@id", id), ("@lease", lease));

    private static async ValueTask AppendAsync(OwnerRows rows, long key, int first, IReadOnlyList<ResponseStreamEvent> events)
    {
        if (events.Count == 0)
            return;
        byte[] lines = Encoding.UTF8.GetBytes(string.Join('\n', events.Select(e => System.Text.Json.JsonSerializer.Serialize(e, OpenAIJson.Context.ResponseStreamEvent))));
        await rows.Session.ExecuteAsync(
            "INSERT INTO events (entry, first, count, body) VALUES (@key, @first, @count, @body)",
            ("@key", key), ("@first", first), ("@count", events.Count), ("@body", lines));
        await rows.GrowAsync(key, lines.Length);
    }

    private sealed record HeldJob(long Key, bool IsCancelled);
}
