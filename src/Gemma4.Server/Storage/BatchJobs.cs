using Gemma4.Server.Access;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Storage;

/// <summary>Hands out batches that are to be answered, each to one server at a time. Thread-safe.</summary>
internal sealed class BatchJobs(Store store, Leases leases, FileStore files)
{
    /// <summary>Takes the oldest batch that nobody holds.</summary>
    /// <param name="models">Names of models that are served here; null for any.</param>
    /// <param name="busy">Callers whose batches are not taken now.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The batch; null when there is none.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public async Task<BatchJob?> ClaimAsync(IReadOnlyList<string>? models, IReadOnlyList<string> busy, CancellationToken cancellationToken)
    {
        if (await leases.ClaimAsync(EntryKinds.Batch, models, busy, cancellationToken) is not { } claimed)
            return null;
        var caller = new Caller(claimed.Owner);
        return await store.ReadAsync(
            caller,
            async rows => await rows.FindAsync(EntryKinds.Batch, claimed.Id) is { } entry
                ? new BatchJob(store, leases, files, caller, claimed, BatchJob.Value(entry), StoredJson.Value(claimed.Request, OpenAIJson.Context.BatchRequest))
                {
                    InputBytes = await rows.Files.LengthAsync(entry.Key) ?? 0,
                }
                : null,
            cancellationToken);
    }
}
