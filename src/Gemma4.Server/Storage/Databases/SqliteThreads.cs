using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gemma4.Server.Storage.Databases;

/// <summary>Threads that do nothing but talk to SQLite, whose calls block: each with a connection of its own, fed by one queue.</summary>
internal sealed class SqliteThreads : IDisposable
{
    private readonly BlockingCollection<Action<Func<SqliteConnection>>> _work = [];
    private readonly Func<SqliteConnection> _open;
    private readonly Thread[] _threads;

    /// <summary>Starts the threads.</summary>
    /// <param name="name">What they are called in debuggers.</param>
    /// <param name="count">How many.</param>
    /// <param name="open">Opens a connection, at a thread's first work.</param>
    public SqliteThreads(string name, int count, Func<SqliteConnection> open)
    {
        _open = open;
        _threads = [.. Enumerable.Range(0, count).Select(i => new Thread(Work) { IsBackground = true, Name = $"{name} {i}" })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Runs on one of the threads, in order of arrival.</summary>
    /// <param name="work">Takes the thread's connection.</param>
    /// <param name="cancellationToken">Ends the wait, and the work where it has not begun.</param>
    public async Task<T> RunAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration left = cancellationToken.Register(() => result.TrySetCanceled(cancellationToken));
        _work.Add(Run, CancellationToken.None);
        return await result.Task;

        void Run(Func<SqliteConnection> connection)
        {
            if (result.Task.IsCompleted)
                return;
            try
            {
                result.TrySetResult(work(connection()));
            }
            catch (Exception exception)
            {
                result.TrySetException(exception);
            }
        }
    }

    /// <summary>Lets the threads end what they were given, and waits for that.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (Thread thread in _threads)
            thread.Join();
        _work.Dispose();
    }

    private void Work()
    {
        SqliteConnection? connection = null;
        try
        {
            // One that cannot be opened fails the work that wants it, and is tried again for the next.
            foreach (Action<Func<SqliteConnection>> work in _work.GetConsumingEnumerable())
                work(() => connection ??= _open());
        }
        finally
        {
            connection?.Dispose();
        }
    }
}
