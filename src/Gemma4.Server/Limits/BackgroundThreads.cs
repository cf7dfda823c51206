using System.Collections.Concurrent;
using Gemma4.Engine;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Limits;

/// <summary>Threads of their own for long arithmetic, which give way to those that write answers.</summary>
/// <remarks>On the thread pool such work would take the processors from the engine's threads in the middle of a step, which is as slow as its
/// slowest thread. More threads than processors would only hold more memory.</remarks>
internal abstract class BackgroundThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work;
    private readonly string _fullMessage;

    /// <summary>Starts the threads.</summary>
    /// <param name="name">What they are called in debuggers.</param>
    /// <param name="count">How many.</param>
    /// <param name="maxQueued">Most pieces of work that may wait.</param>
    /// <param name="fullMessage">What a caller is told when as many wait as may.</param>
    /// <param name="stackBytes">Stack of each; 0 takes the system's.</param>
    protected BackgroundThreads(string name, int count, int maxQueued, string fullMessage, int stackBytes = 0)
    {
        _work = new BlockingCollection<Action>(maxQueued);
        _fullMessage = fullMessage;
        for (int i = 0; i < count; i++)
            new Thread(Work, stackBytes) { IsBackground = true, Name = $"{name} {i}" }.Start();
    }

    /// <summary>Pieces of work that wait.</summary>
    public int NumQueued => _work.Count;

    /// <summary>Refuses what <see cref="RunAsync"/> would refuse now, before anything is fetched or unpacked for it.</summary>
    /// <exception cref="RequestRejectedException">As many wait as may.</exception>
    public void CheckQueue()
    {
        if (_work.Count >= _work.BoundedCapacity)
            throw Full();
    }

    /// <summary>Runs on one of the threads, in order of arrival.</summary>
    /// <param name="work">Watches <paramref name="cancellationToken"/> itself once it runs.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RequestRejectedException">As many wait as may.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration left = cancellationToken.Register(() => result.TrySetCanceled(cancellationToken));
        if (!_work.TryAdd(Run, 0, cancellationToken))
            throw Full();
        return await result.Task;

        void Run()
        {
            if (result.Task.IsCompleted)
                return;
            try
            {
                result.TrySetResult(work());
            }
            catch (Exception e)
            {
                result.TrySetException(e);
            }
        }
    }

    /// <summary>Lets the threads end when they have done what they were given.</summary>
    public void Dispose() => _work.CompleteAdding();

    private RequestRejectedException Full() => new(RejectionReason.QueueFull, _fullMessage);

    private void Work()
    {
        Niceness.LowerCallingThread();
        foreach (Action work in _work.GetConsumingEnumerable())
            work();
    }
}
