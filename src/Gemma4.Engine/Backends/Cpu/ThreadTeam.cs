using System.Diagnostics;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>The engine's own threads for arithmetic: the caller works too, and returns when all parts are done.</summary>
/// <remarks>
/// One caller at a time. Parts are handed out one by one, so what a part computes must not depend on who computes it. Helpers spin for a while
/// before they sleep, since a step hands work over some hundred times: a semaphore takes 7 µs, a spinning helper 0.5 µs (two processors of a Zen 4,
/// 300 hand-offs in a row). A run ends when all parts have ended and not all helpers, so one that the system schedules late costs nothing.
/// </remarks>
internal sealed class ThreadTeam : IDisposable
{
    /// <summary>How long a helper spins before it sleeps: longer than the pauses within a step, shorter than those between requests.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency * 50 / 1_000_000;

    /// <summary>Turns that the caller waits for the last part before it gives its processor away.</summary>
    private const int MaxWaitSpins = 4000;

    /// <summary>The next part of a run that has none to give: as many as no run has.</summary>
    private const int Closed = int.MaxValue;

    private readonly Helper[] _helpers;
    private IParts? _work;
    private int _numParts;
    private int _numEnded;
    private long _claims = Closed;      // run << 32 | next part; a claim is a compare-and-swap, so none is for another run
    private Exception? _fault;
    private volatile bool _stopped;

    /// <param name="numThreads">Threads that work, the caller included; at least 1.</param>
    public ThreadTeam(int numThreads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numThreads, 1);
        _helpers = new Helper[numThreads - 1];
        for (int i = 0; i < _helpers.Length; i++)
            _helpers[i] = new Helper(this, worker: i + 1);
    }

    /// <summary>Threads that work, the caller included.</summary>
    public int NumThreads => _helpers.Length + 1;

    /// <summary>Does each of the parts 0 .. numParts − 1 once and waits for all.</summary>
    /// <remarks>A fault of a part is thrown here after all parts have ended.</remarks>
    public void Run(int numParts, IParts work)
    {
        if (_helpers.Length == 0 || numParts <= 1)
        {
            for (int part = 0; part < numParts; part++)
                work.Run(part, worker: 0);
            return;
        }
        int run = CurrentRun + 1;
        // Closes the last run before anything is changed: a helper that still looks at it must not take the new number of parts for its own.
        Interlocked.Exchange(ref _claims, (long)CurrentRun << 32 | Closed);
        _work = work;
        _numParts = numParts;
        _fault = null;
        Volatile.Write(ref _numEnded, 0);
        Interlocked.Exchange(ref _claims, (long)run << 32);
        int wanted = Math.Min(_helpers.Length, numParts - 1);
        for (int i = 0; i < wanted; i++)
            _helpers[i].Wake();
        TakeParts(run, worker: 0);
        for (int spins = 0; Volatile.Read(ref _numEnded) != numParts; spins++)
        {
            if (spins < MaxWaitSpins)
                Thread.SpinWait(1);
            else
                Thread.Yield();
        }
        _work = null;
        if (_fault is not null)
            throw new AggregateException(_fault);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopped = true;
        Interlocked.Add(ref _claims, 1L << 32);
        foreach (Helper helper in _helpers)
            helper.Join();
    }

    private int CurrentRun => (int)(Volatile.Read(ref _claims) >> 32);

    private void TakeParts(int run, int worker)
    {
        while (true)
        {
            long claims = Volatile.Read(ref _claims);
            IParts? work = _work;
            if ((int)(claims >> 32) != run || (int)claims >= _numParts)
                return;
            if (Interlocked.CompareExchange(ref _claims, claims + 1, claims) != claims)
                continue;
            try
            {
                work!.Run((int)claims, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _fault, e, null);
            }
            Interlocked.Increment(ref _numEnded);
        }
    }

    /// <summary>A thread beside the caller's.</summary>
    private sealed class Helper
    {
        private readonly ThreadTeam _team;
        private readonly int _worker;
        private readonly SemaphoreSlim _wake = new(0);
        private readonly Thread _thread;
        private int _sleeps;

        public Helper(ThreadTeam team, int worker)
        {
            (_team, _worker) = (team, worker);
            _thread = new Thread(Serve) { IsBackground = true, Name = $"Gemma4 compute {worker}" };
            _thread.Start();
        }

        public void Wake()
        {
            if (Volatile.Read(ref _sleeps) == 1 && Interlocked.Exchange(ref _sleeps, 0) == 1)
                _wake.Release();
        }

        public void Join()
        {
            Wake();
            _thread.Join();
            _wake.Dispose();
        }

        private void Serve()
        {
            int seen = 0;
            while (!_team._stopped)
            {
                AwaitRunAfter(seen);
                seen = _team.CurrentRun;
                if (!_team._stopped)
                    _team.TakeParts(seen, _worker);
            }
        }

        private void AwaitRunAfter(int seen)
        {
            long until = Stopwatch.GetTimestamp() + SpinTicks;
            while (_team.CurrentRun == seen)
            {
                for (int i = 0; i < 16 && _team.CurrentRun == seen; i++)
                    Thread.SpinWait(1);
                if (Stopwatch.GetTimestamp() < until)
                    continue;
                Interlocked.Exchange(ref _sleeps, 1);
                // A run that began in between saw a helper awake: it sleeps only if none did, or if somebody is about to wake it.
                if (_team.CurrentRun == seen || Interlocked.Exchange(ref _sleeps, 0) == 0)
                    _wake.Wait();
            }
        }
    }
}
