namespace Gemma4.Engine;

/// <summary>Threads of their own, nicer than the engine's, on which constraints compute. Disposing lets them end, after the job they are at.</summary>
/// <remarks>
/// There is a thread for each job, up to a bound, so that no sequence's mask waits for another's; they are started when they are needed and end
/// when there was nothing to do for a while. What they cannot take is time that the engine's threads want (<see cref="Niceness"/>).
/// </remarks>
/// <param name="maxThreads">At most so many; a sequence has one job at a time.</param>
/// <param name="onDone">Takes each job that is done, on its thread; must not block.</param>
internal sealed class MaskWorkers(int maxThreads, Action<MaskJob> onDone) : IDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly object _lock = new();      // a monitor, for its wait and pulse
    private readonly object _roundDone = new();
    private readonly Queue<MaskJob> _jobs = [];
    private int _numThreads;
    private int _numIdle;
    private int _round;
    private int _numLeftOfRound;
    private bool _stopping;

    /// <summary>Threads there are now.</summary>
    public int NumThreads
    {
        get
        {
            lock (_lock)
                return _numThreads;
        }
    }

    /// <summary>Begins a job.</summary>
    public void Begin(MaskJob job)
    {
        lock (_roundDone)
        {
            job.Round = _round;
            _numLeftOfRound++;
        }
        lock (_lock)
        {
            _jobs.Enqueue(job);
            if (_numIdle >= _jobs.Count)
                Monitor.Pulse(_lock);
            else if (_numThreads < maxThreads)
                StartThread();
        }
    }

    /// <summary>Waits until the jobs begun since the last call are done, but not for long.</summary>
    /// <param name="atMost">How long; the call blocks.</param>
    public void WaitForRound(TimeSpan atMost)
    {
        lock (_roundDone)
        {
            if (_numLeftOfRound > 0)
                Monitor.Wait(_roundDone, atMost);   // pulsed by the round's last job, and by nothing else
            _round++;
            _numLeftOfRound = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            _jobs.Clear();
            Monitor.PulseAll(_lock);
        }
    }

    private void StartThread()
    {
        _numThreads++;
        new Thread(Work) { IsBackground = true, Name = "Gemma4 masks" }.Start();
    }

    private void Work()
    {
        Niceness.LowerCallingThread(Niceness.Highest);
        while (TryTake(out MaskJob? job))
        {
            job.Run();
            onDone(job);
            lock (_roundDone)
            {
                if (job.Round == _round && --_numLeftOfRound == 0)
                    Monitor.Pulse(_roundDone);
            }
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MaskJob? job)
    {
        lock (_lock)
        {
            while (!_jobs.TryDequeue(out job))
            {
                _numIdle++;
                bool isWoken = !_stopping && Monitor.Wait(_lock, IdleTime);
                _numIdle--;
                if (!isWoken && _jobs.Count == 0)
                {
                    _numThreads--;
                    return false;
                }
            }
            return true;
        }
    }
}
