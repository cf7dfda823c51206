using Gemma4.Server.Errors;

namespace Gemma4.Server.Limits;

/// <summary>What the holder of a key uses of its limits. Thread-safe.</summary>
/// <param name="name">The key's name, which logs and metrics show.</param>
/// <param name="limits">What it may use.</param>
/// <param name="time">Measures minutes.</param>
internal sealed class KeyUsage(string name, KeyLimits limits, TimeProvider time)
{
    /// <summary>After a request of its own ends, which nobody can foretell, another may begin.</summary>
    private static readonly TimeSpan ConcurrentRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly RateMeter _requests = new(time), _tokens = new(time);
    private volatile KeyLimits _limits = limits;
    private int _numConcurrent;

    /// <summary>The key's name.</summary>
    public string Name => name;

    /// <summary>What it may use. A change leaves what was used.</summary>
    public KeyLimits Limits
    {
        get => _limits;
        set => _limits = value;
    }

    /// <summary>How the requests stand; null without a limit.</summary>
    public RateState? Requests => StateOf(_requests, _limits.RequestsPerMinute);

    /// <summary>How the tokens stand; null without a limit.</summary>
    public RateState? Tokens => StateOf(_tokens, _limits.TokensPerMinute);

    /// <summary>Counts a request in, to be counted out by <see cref="Leave"/>.</summary>
    /// <returns>Why it may not be served now; null where it may.</returns>
    public ApiError? TryEnter()
    {
        KeyLimits limits = _limits;
        lock (_lock)
        {
            if (_numConcurrent >= limits.MaxConcurrent)
                return ErrorTable.TooManyAtOnce(name, limits.MaxConcurrent.Value, ConcurrentRetry);
            // Who has used up the tokens is told before its body is read; a prompt has one at least.
            if ((Refusal(_requests, limits.RequestsPerMinute, 1, "requests") ?? Refusal(_tokens, limits.TokensPerMinute, 1, "tokens")) is { } refusal)
                return refusal;
            if (limits.RequestsPerMinute is int perMinute)
                _requests.Add(perMinute, 1);
            _numConcurrent++;
            return null;
        }
    }

    /// <summary>Counts work in that goes on behind a request, whatever the limits; to be counted out too.</summary>
    public void Join()
    {
        lock (_lock)
            _numConcurrent++;
    }

    /// <summary>Counts a request out.</summary>
    public void Leave()
    {
        lock (_lock)
            _numConcurrent--;
    }

    /// <summary>Takes tokens before they are used.</summary>
    /// <returns>Why they may not be used now; null where they may.</returns>
    public ApiError? TryTake(long tokens)
    {
        if (_limits.TokensPerMinute is not int limit)
            return null;
        lock (_lock)
        {
            if (Refusal(_tokens, limit, tokens, "tokens") is { } refusal)
                return refusal;
            _tokens.Add(limit, tokens);
            return null;
        }
    }

    /// <summary>Corrects what <see cref="TryTake"/> took: more where it is positive, which may pass the limit.</summary>
    public void Correct(long tokens)
    {
        if (_limits.TokensPerMinute is not int limit)
            return;
        lock (_lock)
            _tokens.Add(limit, tokens);
    }

    private ApiError? Refusal(RateMeter meter, int? perMinute, long amount, string what)
    {
        if (perMinute is not int limit)
            return null;
        if (amount > limit)
            return ErrorTable.MoreThanLimit(name, what, limit, amount);
        TimeSpan wait = meter.WaitFor(limit, amount);
        return wait == TimeSpan.Zero ? null : ErrorTable.RateReached(name, what, limit, (long)Math.Ceiling(meter.Used(limit)), amount, wait);
    }

    private RateState? StateOf(RateMeter meter, int? limit)
    {
        lock (_lock)
            return limit is int perMinute ? meter.State(perMinute) : null;
    }
}
