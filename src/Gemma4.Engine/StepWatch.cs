namespace Gemma4.Engine;

/// <summary>Notices a step that does not end. It looks from a timer's thread, since the engine's own is what hangs.</summary>
/// <remarks>The engine's thread cannot be stopped. What the watch does in its place happens under a lock that the thread must pass behind the step.</remarks>
internal sealed class StepWatch : IDisposable
{
    /// <summary>Looks in the time that a step may take.</summary>
    private const int LooksPerLimit = 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly Action _giveUp;
    private readonly ITimer? _timer;
    private long? _began;
    private bool _isGivenUp;

    /// <summary>Begins to watch.</summary>
    /// <param name="time">Measures steps.</param>
    /// <param name="limit">How long a step may take; zero watches nothing.</param>
    /// <param name="giveUp">Called, again and again while the step hangs, in place of the engine's thread, which is in the step.</param>
    public StepWatch(TimeProvider time, TimeSpan limit, Action giveUp)
    {
        (_time, _limit, _giveUp) = (time, limit, giveUp);
        if (limit == TimeSpan.Zero)
            return;
        TimeSpan pause = limit / LooksPerLimit < LongestPause ? limit / LooksPerLimit : LongestPause;
        _timer = time.CreateTimer(_ => Look(), null, pause, pause);
    }

    /// <summary>A step begins. Engine thread.</summary>
    public void Begin()
    {
        lock (_lock)
            _began = _time.GetTimestamp();
    }

    /// <summary>The step has ended, well or not. Engine thread; waits for the watch if that is giving the step up.</summary>
    /// <returns>False when it was given up before it ended.</returns>
    public bool TryEnd()
    {
        lock (_lock)
        {
            bool inTime = !_isGivenUp;
            (_began, _isGivenUp) = (null, false);
            return inTime;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            if (_began is not { } began || _time.GetElapsedTime(began) < _limit)
                return;
            _isGivenUp = true;
            _giveUp();
        }
    }
}
