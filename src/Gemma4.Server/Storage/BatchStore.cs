using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.OpenAI.Files;

namespace Gemma4.Server.Storage;

/// <summary>Batches as their callers see them. Thread-safe.</summary>
internal sealed class BatchStore(Store store, Leases leases)
{
    /// <summary>Batches of one caller that are not done; each holds its file of requests.</summary>
    public const int MaxUnfinished = 100;

    // Never more than one: who waits looks for all there is.
    private readonly SemaphoreSlim _added = new(0, 1);

    /// <summary>Promises a batch, which holds its file's content from now on. When this returns, it is written.</summary>
    /// <returns>False where the file is not kept.</returns>
    /// <exception cref="StorageException">It is not promised.</exception>
    /// <exception cref="ApiException">429: the caller has as many that are not done as may be.</exception>
    public async Task<bool> TryAddAsync(Caller caller, Batch batch, BatchRequest request, CancellationToken cancellationToken)
    {
        bool isAdded = await store.WriteAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.File, batch.InputFileId) is not { } file)
                    return false;
                long unfinished = await rows.Session.NumberAsync(
                    "SELECT COUNT(*) FROM jobs j JOIN entries e ON e.key = j.entry WHERE e.owner = @owner AND j.kind = @kind", ("@owner", caller.Id), ("@kind", EntryKinds.Batch)) ?? 0;
                if (unfinished >= MaxUnfinished)
                    throw new ApiException(ErrorTable.TooManyRequests($"{unfinished} batches are not done yet, as many as may be; try again when one of them is."));
                long key = await rows.InsertAsync(new NewEntry(EntryKinds.Batch, batch.Id, batch.Model, store.Now, BatchJob.Bytes(batch)));
                await rows.Files.ShareAsync(file.Key, key);
                await leases.InsertAsync(rows, key, EntryKinds.Batch, batch.Model, StoredJson.Bytes(request, OpenAIJson.Context.BatchRequest), lease: null);
                return true;
            },
            cancellationToken);
        if (isAdded)
            Announce();
        return isAdded;
    }

    /// <summary>Waits until a batch may have been promised here, or so long.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _added.WaitAsync(atMost, cancellationToken);

    /// <summary>A caller's batch; null when it is not kept.</summary>
    public Task<Batch?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.ReadAsync(caller, async rows => await rows.FindAsync(EntryKinds.Batch, id) is { } entry ? BatchJob.Value(entry) : null, cancellationToken)
        : Task.FromResult<Batch?>(null);

    /// <summary>A page of a caller's batches.</summary>
    public Task<StoredPage<Batch>> ListAsync(Caller caller, PageRequest page, CancellationToken cancellationToken) => store.ReadAsync(
        caller,
        async rows =>
        {
            StoredPage<StoredEntry> found = await rows.ListAsync(EntryKinds.Batch, page, null, []);
            return new StoredPage<Batch>([.. found.Items.Select(BatchJob.Value)], found.HasMore);
        },
        cancellationToken);

    /// <summary>Asks whoever answers a batch to end it; one that nobody has begun ends here.</summary>
    /// <returns>How it stands now; null when it is not kept.</returns>
    /// <exception cref="ApiException">409: there is nothing left to cancel.</exception>
    public Task<Batch?> CancelAsync(Caller caller, string id, CancellationToken cancellationToken) => StoredJson.IsId(id)
        ? store.WriteAsync(
            caller,
            async rows =>
            {
                if (await rows.FindAsync(EntryKinds.Batch, id) is not { } entry)
                    return null;
                Batch batch = BatchJob.Value(entry);
                if (batch.Status is BatchStatus.Cancelling or BatchStatus.Cancelled)
                    return batch;
                if (batch.Status is not (BatchStatus.Validating or BatchStatus.InProgress))
                    throw new ApiException(new ApiError(StatusCodes.Status409Conflict, $"Cannot cancel a batch with status '{batch.Status}'.", ApiError.InvalidRequest));
                long now = store.Now / 1000;
                bool isBegun = batch.Status == BatchStatus.InProgress || await Leases.HeldUntilAsync(rows, entry.Key) >= store.Now;
                batch = batch with { Status = isBegun ? BatchStatus.Cancelling : BatchStatus.Cancelled, CancellingAt = now, CancelledAt = isBegun ? null : now };
                await rows.ReplaceAsync(entry.Key, BatchJob.Bytes(batch));
                if (isBegun)
                    return batch;       // its holder reads the status when it renews its lease
                await rows.Session.ExecuteAsync("DELETE FROM jobs WHERE entry = @key", ("@key", entry.Key));
                await rows.Files.ReleaseAsync(entry.Key);
                return batch;
            },
            cancellationToken)
        : Task.FromResult<Batch?>(null);

    private void Announce()
    {
        try
        {
            _added.Release();
        }
        catch (SemaphoreFullException)
        {
            // Announced already.
        }
    }
}
