using System.Data.Common;
using System.Diagnostics;

namespace Gemma4.Server.Storage.Databases;

/// <summary>A database: reads, and transactions that are whole or not at all. Nobody who waits for it holds a thread. Thread-safe.</summary>
internal abstract class Database(int maxQueued, StorageHealth health) : IAsyncDisposable
{
    private int _numQueued;
    private volatile bool _isOpen;

    /// <summary>What the start's log calls it; holds no secret.</summary>
    public abstract string Name { get; }

    /// <summary>Reads and writes that wait or run.</summary>
    public int NumQueued => Volatile.Read(ref _numQueued);

    /// <summary>Makes the database where there is none, and brings its schema up to date.</summary>
    /// <exception cref="Settings.OptionsException">It cannot be used: its place, or a schema of a newer program.</exception>
    /// <exception cref="StorageException">It does not answer.</exception>
    public virtual async Task OpenAsync(CancellationToken cancellationToken)
    {
        await RunAsync("write", () => MigrateAsync(cancellationToken), cancellationToken);
        _isOpen = true;
    }

    /// <summary>Reads.</summary>
    /// <param name="read">Awaits nothing but the session.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageException">The database does not answer, or cannot.</exception>
    public Task<T> ReadAsync<T>(Func<DatabaseSession, ValueTask<T>> read, CancellationToken cancellationToken) =>
        _isOpen ? RunAsync("read", () => RunReadAsync(read, cancellationToken), cancellationToken) : throw StorageHealth.NotOpen();

    /// <summary>Writes within one transaction: after this returns it is written, after an exception nothing is.</summary>
    /// <param name="owner">Whose rows: transactions of one owner run one after the other.</param>
    /// <param name="write">Awaits nothing but the session; may run again where the database asks for it.</param>
    /// <param name="cancellationToken">Gives it up, where it has not been written.</param>
    /// <exception cref="StorageException">The database does not answer, or cannot.</exception>
    public Task<T> WriteAsync<T>(string owner, Func<DatabaseSession, ValueTask<T>> write, CancellationToken cancellationToken) =>
        _isOpen ? RunAsync("write", () => RunWriteAsync(owner, write, cancellationToken), cancellationToken) : throw StorageHealth.NotOpen();

    /// <summary>Has new rows numbered behind those that were put in with their numbers, where the database does not do so by itself.</summary>
    public virtual Task SetKeysAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Gives room of what was deleted back, where the database does not do so by itself.</summary>
    public virtual Task ShrinkAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Brings the schema up to date, with whatever exception the database throws.</summary>
    /// <returns>True.</returns>
    protected abstract Task<bool> MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Reads, with whatever exception the database throws.</summary>
    protected abstract Task<T> RunReadAsync<T>(Func<DatabaseSession, ValueTask<T>> read, CancellationToken cancellationToken);

    /// <summary>Writes, with whatever exception the database throws.</summary>
    protected abstract Task<T> RunWriteAsync<T>(string owner, Func<DatabaseSession, ValueTask<T>> write, CancellationToken cancellationToken);

    /// <summary>Whether nothing more fits where the database lies.</summary>
    protected abstract bool IsFull(Exception exception);

    /// <summary>Whether a statement is one that the database would never take: then the program is at fault, and the database is not.</summary>
    protected abstract bool IsDefect(Exception exception);

    private async Task<T> RunAsync<T>(string operation, Func<Task<T>> run, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            if (Interlocked.Increment(ref _numQueued) > maxQueued)
                throw StorageHealth.Overloaded();
            T result = await run();
            health.Succeeded(operation, Stopwatch.GetElapsedTime(began));
            return result;
        }
        catch (Exception exception) when (exception is DbException or IOException or TimeoutException or System.Net.Sockets.SocketException
            && !cancellationToken.IsCancellationRequested && !IsDefect(exception))
        {
            throw health.Failed(operation, Stopwatch.GetElapsedTime(began), exception, IsFull(exception));
        }
        finally
        {
            Interlocked.Decrement(ref _numQueued);
        }
    }
}
