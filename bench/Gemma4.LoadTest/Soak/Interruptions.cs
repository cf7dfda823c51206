using System.Diagnostics;

namespace Gemma4.LoadTest.Soak;

/// <summary>The times in which the server stops, is down or starts: answers may be errors then, and connections may fail.</summary>
internal sealed class Interruptions
{
    /// <summary>What was sent on a connection that the old process still held is answered, or fails, a little later.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private long? _began, _ended;

    /// <summary>Whether the server serves again.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
                return _ended is not null;
        }
    }

    /// <summary>The server is told to stop.</summary>
    public void Begin()
    {
        lock (_lock)
            _began = Stopwatch.GetTimestamp();
    }

    /// <summary>It serves again.</summary>
    public void End()
    {
        lock (_lock)
            _ended = Stopwatch.GetTimestamp();
    }

    /// <summary>Whether a request that was sent at a time, and ends now, met one.</summary>
    public bool Met(long sent)
    {
        lock (_lock)
            return _began is not null && (_ended is not { } ended || Stopwatch.GetElapsedTime(ended, sent) < Aftermath);
    }
}
