namespace Gemma4.Server.Limits;

/// <summary>What was used of a limit a minute: it flows off evenly, a limit's worth a minute, so that a burst of the whole limit is possible and
/// then as much as flows off. Not thread-safe.</summary>
/// <remarks>A token bucket, told by what is missing in it: a limit can change without a word about what was used.</remarks>
internal sealed class RateMeter(TimeProvider time)
{
    private const double Rounding = 1e-6;

    private double _used;
    private long _at = time.GetTimestamp();

    /// <summary>What is used now; above the limit where more was used than was foreseen.</summary>
    /// <param name="limit">A minute.</param>
    public double Used(int limit)
    {
        long now = time.GetTimestamp();
        _used = Math.Max(0, _used - (time.GetElapsedTime(_at, now).TotalMinutes * limit));
        _at = now;
        return _used;
    }

    /// <summary>Uses more, whatever the limit; less where it is negative.</summary>
    public void Add(int limit, double amount) => _used = Math.Max(0, Used(limit) + amount);

    /// <summary>How long until so much more is within the limit; zero where it is now.</summary>
    public TimeSpan WaitFor(int limit, double amount)
    {
        double over = Used(limit) + amount - limit;
        return over <= Rounding ? TimeSpan.Zero : TimeSpan.FromMinutes(over / limit);
    }

    /// <summary>What the headers tell.</summary>
    public RateState State(int limit)
    {
        double used = Used(limit);
        return new RateState(limit, (long)Math.Floor(Math.Max(0, limit - used) + Rounding), TimeSpan.FromMinutes(used / limit));
    }
}

/// <summary>How a rate stands.</summary>
/// <param name="Limit">A minute.</param>
/// <param name="Remaining">What may be used at once.</param>
/// <param name="Reset">Until all of it may be used again.</param>
internal readonly record struct RateState(int Limit, long Remaining, TimeSpan Reset);
