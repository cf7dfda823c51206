namespace Gemma4.Engine.Kernels;

/// <summary>The engine's own threads for kernels: the caller works too, and returns when all parts are done.</summary>
/// <remarks>One caller at a time. Parts are handed out one by one, so what a part computes must not depend on who computes it.</remarks>
internal sealed class WorkerTeam : IDisposable
{
    private readonly SemaphoreSlim _start = new(0);
    private readonly ManualResetEventSlim _done = new();
    private readonly Thread[] _threads;
    private Action<int>? _work;
    private int _numParts;
    private int _next;
    private int _running;
    private Exception? _fault;
    private volatile bool _stopped;

    /// <param name="numThreads">Threads that work, the caller included; at least 1.</param>
    public WorkerTeam(int numThreads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numThreads, 1);
        _threads = new Thread[numThreads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Serve) { IsBackground = true, Name = $"Gemma4 kernel {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Calls <paramref name="work"/> once for each of 0 .. numParts − 1 and waits for all.</summary>
    /// <remarks>A fault of a part is thrown here after the other threads have stopped.</remarks>
    public void Run(int numParts, Action<int> work)
    {
        int helpers = Math.Min(_threads.Length, numParts - 1);
        if (helpers <= 0)
        {
            for (int i = 0; i < numParts; i++)
                work(i);
            return;
        }
        _work = work;
        _numParts = numParts;
        _fault = null;
        _done.Reset();
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _running, helpers);
        _start.Release(helpers);
        TakeParts();
        _done.Wait();
        _work = null;
        if (_fault is not null)
            throw new AggregateException(_fault);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopped = true;
        if (_threads.Length > 0)
            _start.Release(_threads.Length);
        foreach (Thread thread in _threads)
            thread.Join();
        _start.Dispose();
        _done.Dispose();
    }

    private void Serve()
    {
        while (true)
        {
            _start.Wait();
            if (_stopped)
                return;
            TakeParts();
            if (Interlocked.Decrement(ref _running) == 0)
                _done.Set();
        }
    }

    private void TakeParts()
    {
        try
        {
            for (int part = Interlocked.Increment(ref _next) - 1; part < _numParts; part = Interlocked.Increment(ref _next) - 1)
                _work!(part);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _fault, e, null);
            Volatile.Write(ref _next, _numParts);   // the others take no more
        }
    }
}
