using System.Security.Cryptography;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage.Databases;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>How a job stands, as its holder learns when it renews its lease.</summary>
internal enum JobState
{
    /// <summary>Go on.</summary>
    Held,

    /// <summary>A client has cancelled it.</summary>
    Cancelled,

    /// <summary>It is another's now, or its entry was deleted: what is made here counts no more.</summary>
    Lost,
}

/// <summary>A job that was taken.</summary>
/// <param name="Key">Its entry.</param>
/// <param name="Attempts">How often it was taken, this time included.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Owner">Whose entry it is.</param>
/// <param name="Id">The entry's id.</param>
/// <param name="Lease">It is held by whoever knows this.</param>
internal sealed record ClaimedJob(long Key, long Attempts, byte[] Request, string Owner, string Id, string Lease);

/// <summary>Work that was promised, each a row beside its entry, and held by one server at a time: by a lease that it renews. Thread-safe.</summary>
internal sealed class Leases(Store store, Database database, IOptions<StorageOptions> options)
{
    /// <summary>The owner that the taking of jobs runs under, so that replicas do it one after the other; no caller is called so.</summary>
    private const string Claims = "jobs";

    private static readonly TimeSpan MaxRenewalTime = TimeSpan.FromSeconds(2);

    /// <summary>How long a lease lasts.</summary>
    public TimeSpan Time => TimeSpan.FromSeconds(options.Value.LeaseSeconds);

    /// <summary>How often one is renewed: three times in its time, and so often that a client that cancels through another server need not wait.</summary>
    public TimeSpan RenewalTime => Time / 3 < MaxRenewalTime ? Time / 3 : MaxRenewalTime;

    /// <summary>When a lease of now ends, in milliseconds since 1970.</summary>
    public long Until => store.Now + (long)Time.TotalMilliseconds;

    /// <summary>Milliseconds since 1970.</summary>
    public long Now => store.Now;

    /// <summary>A new lease.</summary>
    public static string New() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Promises work.</summary>
    /// <param name="rows">Its owner's.</param>
    /// <param name="key">Its entry.</param>
    /// <param name="kind">One of <see cref="EntryKinds"/>.</param>
    /// <param name="model">Servers of this model may take it.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="lease">Of who holds it from the start; null where the next who comes may take it.</param>
    public async ValueTask InsertAsync(OwnerRows rows, long key, string kind, string model, byte[] request, string? lease)
    {
        await rows.Session.ExecuteAsync(
            "INSERT INTO jobs (entry, kind, model, queued, attempts, lease, leased_until, request) VALUES (@key, @kind, @model, @now, @attempts, @lease, @until, @request)",
            ("@key", key), ("@kind", kind), ("@model", model), ("@now", Now), ("@attempts", lease is null ? 0 : 1), ("@lease", lease ?? ""), ("@until", lease is null ? 0 : Until),
            ("@request", request));
        await rows.GrowAsync(key, request.Length);
    }

    /// <summary>Takes the oldest job that nobody holds.</summary>
    /// <param name="kind">One of <see cref="EntryKinds"/>.</param>
    /// <param name="models">Names of models that are served here; null for any.</param>
    /// <param name="busy">Callers whose jobs are not taken now.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The job; null when there is none.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<ClaimedJob?> ClaimAsync(string kind, IReadOnlyList<string>? models, IReadOnlyList<string> busy, CancellationToken cancellationToken)
    {
        string lease = New();
        string served = models is null ? "" : $" AND model IN ({string.Join(", ", models.Select((_, i) => $"@model{i}"))})";
        if (busy.Count > 0)
            served += $" AND entry NOT IN (SELECT b.key FROM entries b WHERE b.kind = @kind AND b.owner IN ({string.Join(", ", busy.Select((_, i) => $"@busy{i}"))}))";
        return database.WriteAsync(
            Claims,
            session => session.FirstAsync(
                $"""
                UPDATE jobs SET lease = @lease, leased_until = @until, attempts = attempts + 1
                WHERE entry = (SELECT entry FROM jobs WHERE kind = @kind AND leased_until < @now{served} ORDER BY queued, entry LIMIT 1) AND leased_until < @now
                RETURNING entry, attempts, request, (SELECT e.owner FROM entries e WHERE e.key = jobs.entry), (SELECT e.id FROM entries e WHERE e.key = jobs.entry)
                """,
                row => new ClaimedJob(row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetString(3), row.GetString(4), lease),
                [
                    ("@lease", lease), ("@until", Until), ("@kind", kind), ("@now", Now),
                    .. (models ?? []).Select((model, i) => ($"@model{i}", (object?)model)), .. busy.Select((owner, i) => ($"@busy{i}", (object?)owner)),
                ]),
            cancellationToken);
    }

    /// <summary>Holds a job for longer; does nothing where it is another's.</summary>
    /// <param name="rows">Its owner's.</param>
    /// <param name="key">Its entry.</param>
    /// <param name="lease">By which it is held.</param>
    public async ValueTask RenewAsync(OwnerRows rows, long key, string lease) => await rows.Session.ExecuteAsync(
        "UPDATE jobs SET leased_until = @until WHERE entry = @key AND lease = @lease", ("@until", Until), ("@key", key), ("@lease", lease));

    /// <summary>Gives a job back, for whoever comes next; does nothing where it is another's.</summary>
    /// <param name="rows">Its owner's.</param>
    /// <param name="key">Its entry.</param>
    /// <param name="lease">By which it is held.</param>
    /// <param name="notBefore">How long it is to be left alone.</param>
    /// <param name="counts">Whether this counts as a try.</param>
    public async ValueTask ReleaseAsync(OwnerRows rows, long key, string lease, TimeSpan notBefore, bool counts) => await rows.Session.ExecuteAsync(
        "UPDATE jobs SET lease = '', leased_until = @until, attempts = attempts - @less WHERE entry = @key AND lease = @lease",
        ("@until", Now + (long)notBefore.TotalMilliseconds), ("@less", counts ? 0 : 1), ("@key", key), ("@lease", lease));

    /// <summary>Until when somebody holds an entry's job; null where it has none.</summary>
    public static ValueTask<long?> HeldUntilAsync(OwnerRows rows, long key) =>
        rows.Session.NumberAsync("SELECT leased_until FROM jobs WHERE entry = @key", ("@key", key));
}
