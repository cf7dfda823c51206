using System.Collections.Concurrent;
using Gemma4.Engine;

namespace Gemma4.Server.Media;

/// <summary>Decodes and prepares media on threads of its own, which give way to those that write answers.</summary>
/// <remarks>
/// Preparing a picture is a tenth of a second of pure arithmetic. On the thread pool it would take the processors from the engine's threads in
/// the middle of a step, which is as slow as its slowest thread. So there is one thread fewer than processors, and they are nicer
/// (<see cref="Niceness"/>). More of them would only hold more memory.
/// </remarks>
internal sealed class DecodeThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    /// <summary>Starts one thread fewer than there are processors, but one.</summary>
    public DecodeThreads() : this(Math.Max(1, Environment.ProcessorCount - 1))
    {
    }

    /// <summary>Starts <paramref name="count"/> threads.</summary>
    public DecodeThreads(int count)
    {
        for (int i = 0; i < count; i++)
            new Thread(Work) { IsBackground = true, Name = $"decode {i}" }.Start();
    }

    /// <summary>Decodes on one of the threads, in order of arrival.</summary>
    /// <param name="decode">The work; watches <paramref name="cancellationToken"/> itself once it runs.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<T> RunAsync<T>(Func<T> decode, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration left = cancellationToken.Register(() => result.TrySetCanceled(cancellationToken));
        _work.Add(Decode, cancellationToken);
        return await result.Task;

        void Decode()
        {
            if (result.Task.IsCompleted)
                return;
            try
            {
                result.TrySetResult(decode());
            }
            catch (Exception e)
            {
                result.TrySetException(e);
            }
        }
    }

    /// <summary>Lets the threads end when they have done what they were given.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Work()
    {
        Niceness.LowerCallingThread();
        foreach (Action decode in _work.GetConsumingEnumerable())
            decode();
    }
}
