using Gemma4.Server.Access;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage.Databases;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>What callers keep, each its own: the one way to the database. Thread-safe.</summary>
internal sealed class Store(Database database, StorageHealth health, IOptions<StorageOptions> options, TimeProvider time)
{
    /// <summary>Entries that one write forgets at most to make room; the sweep forgets the rest.</summary>
    private const int MaxTrimmed = 64;

    /// <summary>Milliseconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether anything is kept at all.</summary>
    public bool Keeps => options.Value.MaxEntries > 0;

    /// <summary>Whether what is kept is there for another process.</summary>
    public bool OutlivesProcess => !options.Value.IsMemory;

    /// <summary>Reads what a caller keeps.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public Task<T> ReadAsync<T>(Caller caller, Func<OwnerRows, ValueTask<T>> read, CancellationToken cancellationToken) =>
        database.ReadAsync(session => read(Rows(session, caller.Id)), cancellationToken);

    /// <summary>Writes what a caller keeps, and forgets the oldest where that passes a limit. When this returns, it is written.</summary>
    /// <exception cref="StorageException">It is not written.</exception>
    public Task<T> WriteAsync<T>(Caller caller, Func<OwnerRows, ValueTask<T>> write, CancellationToken cancellationToken) => database.WriteAsync(
        caller.Id,
        async session =>
        {
            OwnerRows rows = Rows(session, caller.Id);
            T result = await write(rows);
            await rows.TrimAsync(options.Value.MaxEntries, options.Value.MaxBytes, MaxTrimmed);
            return result;
        },
        cancellationToken);

    /// <summary>Keeps an answer before it goes out, within the time that answers have for it (<see cref="StorageOptions.WaitMilliseconds"/>).</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="insert">Writes it; gives the number of its entry.</param>
    /// <returns>Whether it is kept. False is in the log and the metrics, and the answer has to say so.</returns>
    public async Task<bool> TryKeepAsync(Caller caller, Func<OwnerRows, ValueTask<long>> insert)
    {
        if (!Keeps)
            return false;
        using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.WaitMilliseconds), time);
        try
        {
            // What fails already is tried by the sweep: answers do not wait for it.
            if (health.Fault is { } fault)
            {
                health.CountNotKept(fault);
                return false;
            }
            bool isKept = await database.WriteAsync(
                caller.Id,
                async session =>
                {
                    OwnerRows rows = Rows(session, caller.Id);
                    long key = await insert(rows);
                    await rows.TrimAsync(options.Value.MaxEntries, options.Value.MaxBytes, MaxTrimmed);
                    return await rows.HasAsync(key);
                },
                enough.Token);
            if (!isKept)
                health.CountNotKept("it is larger than all that may be kept (option Storage:MaxMegabytes)");
            return isKept;
        }
        catch (StorageException exception)
        {
            health.CountNotKept(exception.Message);
            return false;
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            health.CountNotKept($"the database took longer than {options.Value.WaitMilliseconds} ms (option Storage:WaitMilliseconds)");
            return false;
        }
    }

    private OwnerRows Rows(DatabaseSession session, string owner) => new(session, owner, Now, Since);

    /// <summary>What was last used before this is not there.</summary>
    private long Since => Now - (long)TimeSpan.FromDays(options.Value.RetentionDays).TotalMilliseconds;
}
