namespace Gemma4.Server.Serving;

/// <summary>Counts the requests being served, and says whether the server takes new ones: no more once it stops.</summary>
internal sealed class Drain
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Not disposed: requests link to it until the process ends, and it has no timer.
    private readonly CancellationTokenSource _begun = new(), _timeIsUp = new();
    private int _numRequests;

    /// <summary>Cancelled when the server begins to stop.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Cancelled when requests that are still being served have to end at once.</summary>
    public CancellationToken TimeIsUp => _timeIsUp.Token;

    /// <summary>Counts a request in.</summary>
    /// <returns>False when the server is stopping; the request is not counted then.</returns>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_begun.IsCancellationRequested)
                return false;
            _numRequests++;
            return true;
        }
    }

    /// <summary>Counts a request out.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_numRequests == 0 && _begun.IsCancellationRequested)
                _idle.TrySetResult();
        }
    }

    /// <summary>Takes no new requests from here on.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _begun.Cancel();
            if (_numRequests == 0)
                _idle.TrySetResult();
        }
    }

    /// <summary>Waits, after <see cref="Begin"/>, until the last request has ended or the time is up.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(atMost);
        await _idle.Task.WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends what is still being served.</summary>
    public void EndAll() => _timeIsUp.Cancel();
}
