using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.OpenAI.Files;

namespace Gemma4.Server.Storage;

/// <summary>A batch that this server answers. Others may take it over when the lease is not renewed; whoever holds no lease writes nothing.</summary>
/// <remarks>An answer is an item of the batch's entry at the number of its line: a line has one answer, whoever gave it.</remarks>
internal sealed class BatchJob(Store store, Leases leases, FileStore files, Caller caller, ClaimedJob claimed, Batch found, BatchRequest request)
{
    /// <summary>Answers that one transaction forgets, and bytes that one read brings: others wait for it.</summary>
    private const int MaxForgotten = 256, MaxReadBytes = 1 << 20;

    private StoredParts? _parts;

    /// <summary>The batch as it was found.</summary>
    public Batch Found => found;

    /// <summary>Whose it is.</summary>
    public Caller Caller => caller;

    /// <summary>How often it was taken since it last came further.</summary>
    public long Attempts => claimed.Attempts;

    /// <summary>Bytes of its file of requests.</summary>
    public required long InputBytes { get; init; }

    /// <summary>How often the lease is renewed.</summary>
    public TimeSpan RenewalTime => leases.RenewalTime;

    /// <summary>How long another server waits before it takes a batch that is silent.</summary>
    public TimeSpan LeaseTime => leases.Time;

    /// <summary>Whether its time is up.</summary>
    public bool IsExpired => store.Now / 1000 >= found.ExpiresAt;

    /// <summary>A batch as its entry's body has it.</summary>
    public static byte[] Bytes(Batch batch) => StoredJson.Bytes(batch, OpenAIJson.Context.Batch);

    /// <summary>The batch of an entry.</summary>
    public static Batch Value(StoredEntry entry) => StoredJson.Value(entry.Body, OpenAIJson.Context.Batch);

    /// <summary>Its file of requests.</summary>
    public Stream OpenInput() => new StoredFileStream(PartAsync, InputBytes);

    /// <summary>Some bytes of its file of requests.</summary>
    /// <exception cref="StorageException">The database does not answer, or the batch is gone.</exception>
    public Task<byte[]> ReadInputAsync(long offset, int length, CancellationToken cancellationToken) =>
        LazyInitializer.EnsureInitialized(ref _parts, () => new StoredParts(PartAsync)).ReadAsync(offset, length, cancellationToken);

    /// <summary>Renews the lease, and tells how far the batch is, where that is known.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<JobState> RenewAsync(BatchCounts? counts, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is not { } entry)
                return JobState.Lost;
            Batch batch = Value(entry);
            await leases.RenewAsync(rows, entry.Key, claimed.Lease);
            await rows.TouchAsync(entry.Key, store.Now);
            if (counts is not null && batch.RequestCounts != counts)
                await rows.ReplaceAsync(entry.Key, Bytes(batch with { RequestCounts = counts }));
            return batch.Status == BatchStatus.Cancelling ? JobState.Cancelled : JobState.Held;
        },
        cancellationToken);

    /// <summary>Says how it stands from now on.</summary>
    /// <returns>As it is kept now; null where it was lost, and nothing was written.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<Batch?> UpdateAsync(Func<Batch, Batch> change, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is not { } entry)
                return null;
            Batch batch = change(Value(entry));
            await rows.ReplaceAsync(entry.Key, Bytes(batch));
            return batch;
        },
        cancellationToken);

    /// <summary>The numbers of the lines that are answered, and how many of them were refused or failed.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<(HashSet<long> Lines, int Failed)> AnsweredAsync(CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        async rows =>
        {
            List<(long Line, ItemRole Role)> answered = await rows.Session.QueryAsync(
                "SELECT position, role FROM items WHERE entry = @key", row => (row.GetInt64(0), (ItemRole)row.GetInt64(1)), ("@key", claimed.Key));
            return (answered.Select(answer => answer.Line).ToHashSet(), answered.Count(answer => answer.Role == ItemRole.Failed));
        },
        cancellationToken);

    /// <summary>Writes answers. When this returns, their lines are answered.</summary>
    /// <returns>False where the batch was lost, and nothing was written.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<bool> AddAsync(IReadOnlyList<EntryItem> answers, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            if (await FindAsync(rows) is null)
                return false;
            // A line may be answered already where the database had written and could not say so.
            await rows.PutAsync(claimed.Key, answers);
            await rows.Session.ExecuteAsync("UPDATE jobs SET attempts = 0 WHERE entry = @key", ("@key", claimed.Key));
            return true;
        },
        cancellationToken);

    /// <summary>Writes how the batch ended, and the files of answers with it. That is once and for all; <see cref="ForgetAsync"/> remains.</summary>
    /// <param name="end">The batch as it ends.</param>
    /// <param name="ids">The files'; null where none are written.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>As it is kept; null where it was lost, and nothing was written.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    /// <exception cref="FileTooLargeException">The caller may not keep so much.</exception>
    public async Task<Batch?> CompleteAsync(Func<Batch, Batch> end, BatchFileIds? ids, CancellationToken cancellationToken)
    {
        var written = new List<(StoredFile File, FileContent Content)>();
        Batch? ended = null;
        try
        {
            string? output = ids is null ? null : await WriteFileAsync(written, ids.Output, "output", ItemRole.Output, cancellationToken);
            string? errors = ids is null ? null : await WriteFileAsync(written, ids.Errors, "error", ItemRole.Failed, cancellationToken);
            return ended = await store.WriteAsync(
                caller,
                async rows =>
                {
                    if (await FindAsync(rows) is not { } entry)
                        return null;
                    foreach ((StoredFile file, FileContent content) in written)
                        await files.InsertAsync(rows, file, content);
                    await rows.Files.ReleaseAsync(entry.Key);
                    await rows.TouchAsync(entry.Key, store.Now);
                    Batch batch = end(Value(entry)) with { OutputFileId = output, ErrorFileId = errors };
                    await rows.ReplaceAsync(entry.Key, Bytes(batch));
                    return batch;
                },
                cancellationToken);
        }
        finally
        {
            foreach ((_, FileContent content) in ended is null ? written : [])
                await files.ForgetAsync(caller, content);
        }
    }

    /// <summary>Forgets the answers, which stand in files now, some at a time, and then the job.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        while (!await store.WriteAsync(caller, ForgetSomeAsync, cancellationToken))
        {
            // Others come in between.
        }
    }

    /// <summary>Gives it back, for whoever comes next.</summary>
    /// <param name="notBefore">How long it is to be left alone.</param>
    /// <param name="counts">Whether this counts as a try.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task ReleaseAsync(TimeSpan notBefore, bool counts, CancellationToken cancellationToken) => store.WriteAsync(
        caller,
        async rows =>
        {
            await leases.ReleaseAsync(rows, claimed.Key, claimed.Lease, notBefore, counts);
            return true;
        },
        cancellationToken);

    /// <summary>Writes the content of a file, in the order of lines.</summary>
    /// <returns>The file's id; null where there is nothing to be in it.</returns>
    private async Task<string?> WriteFileAsync(List<(StoredFile File, FileContent Content)> written, string id, string what, ItemRole role, CancellationToken cancellationToken)
    {
        await using var answers = new BatchAnswerStream(after => AnswersAsync(role, after, cancellationToken));
        if (await answers.IsEmptyAsync())
            return null;
        FileContent content = await files.WriteAsync(caller, answers, cancellationToken, isOwn: true);
        long now = store.Now / 1000;
        written.Add((
            new StoredFile
            {
                Id = id,
                Bytes = content.Length,
                CreatedAt = now,
                ExpiresAt = now + request.OutputExpiresAfter?.Seconds,
                Filename = $"{found.Id}_{what}.jsonl",
                Purpose = "batch_output",
            },
            content));
        return id;
    }

    /// <summary>Answers behind a line, in order: about a mebibyte of them, one at least.</summary>
    private Task<List<(long Position, byte[] Body)>> AnswersAsync(ItemRole role, long after, CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        rows => rows.Session.QueryAsync(
            """
            SELECT position, body FROM (
                SELECT position, body, SUM(length(body)) OVER (ORDER BY position) - length(body) AS preceding_bytes FROM (
                    SELECT position, body FROM items WHERE entry = @key AND role = @role AND position > @after ORDER BY position LIMIT 256) AS page) AS counted
            WHERE preceding_bytes < @bytes ORDER BY position
            """,
            row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), ("@key", claimed.Key), ("@role", (long)role), ("@after", after), ("@bytes", MaxReadBytes)),
        cancellationToken);

    private Task<byte[]?> PartAsync(long position, CancellationToken cancellationToken) =>
        store.ReadAsync(caller, rows => rows.Files.PartAsync(claimed.Key, position), cancellationToken);

    private async ValueTask<bool> ForgetSomeAsync(OwnerRows rows)
    {
        if (await FindAsync(rows) is null)
            return true;
        List<(long Position, long Bytes)> some = await rows.Session.QueryAsync(
            "SELECT position, length(body) FROM items WHERE entry = @key ORDER BY position LIMIT @limit",
            row => (row.GetInt64(0), row.GetInt64(1)), ("@key", claimed.Key), ("@limit", MaxForgotten));
        if (some.Count == 0)
        {
            await rows.GrowAsync(claimed.Key, -claimed.Request.Length);
            await rows.Session.ExecuteAsync("DELETE FROM jobs WHERE entry = @key", ("@key", claimed.Key));
            return true;
        }
        await rows.Session.ExecuteAsync("DELETE FROM items WHERE entry = @key AND position <= @last", ("@key", claimed.Key), ("@last", some[^1].Position));
        await rows.GrowAsync(claimed.Key, -some.Sum(answer => answer.Bytes));
        return false;
    }

    private async ValueTask<StoredEntry?> FindAsync(OwnerRows rows) =>
        await rows.Session.NumberAsync("SELECT entry FROM jobs WHERE entry = @key AND lease = @lease", ("@key", claimed.Key), ("@lease", claimed.Lease)) is null
            ? null
            : await rows.FindAsync(EntryKinds.Batch, claimed.Id);
}

/// <summary>What the files of a batch are called.</summary>
/// <param name="Output">Answers.</param>
/// <param name="Errors">Refusals and faults.</param>
internal sealed record BatchFileIds(string Output, string Errors);
