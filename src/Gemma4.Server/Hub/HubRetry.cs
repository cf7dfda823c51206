namespace Gemma4.Server.Hub;

/// <summary>Counts failures in a row, waits longer after each, and gives up after the last.</summary>
internal sealed class HubRetry(HubLimits limits, HubSettings settings, TimeProvider time, IDownloadProgress progress)
{
    private int _failures;

    /// <summary>Something went well.</summary>
    public void Reset() => _failures = 0;

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="HubException">There has been one failure too many.</exception>
    public async Task WaitAsync(TransientHubException failure, CancellationToken cancellationToken)
    {
        if (++_failures >= limits.MaxAttempts)
        {
            throw new HubException($"{settings.Endpoint} could not be reached, or the connection broke {_failures} times: {failure.Message} What was fetched is kept: start again to go on. "
                + "Check the network; HTTPS_PROXY names a proxy, HF_ENDPOINT another hub, and HF_HUB_OFFLINE=1 uses what is in the cache.");
        }
        TimeSpan pause = failure.RetryAfter ?? limits.FirstPause * (1 << (_failures - 1));
        pause = pause < limits.MaxPause ? pause : limits.MaxPause;
        progress.Note($"{failure.Message} Trying again in {HubText.Time(pause)}.");
        await Task.Delay(pause, time, cancellationToken);
    }

    /// <summary>Does something until it goes well.</summary>
    /// <exception cref="HubException">It does not, or must not be tried again.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                T result = await action();
                Reset();
                return result;
            }
            catch (TransientHubException failure)
            {
                await WaitAsync(failure, cancellationToken);
            }
        }
    }
}
