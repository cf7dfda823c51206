using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Writes down what is made of a response in the background, while it is made and at its end, and keeps its lease.</summary>
internal sealed class ResponseRecord : IAsyncDisposable
{
    /// <summary>How often new events are written down: so much of a stream another server does not see yet.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two tries to write the end.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ResponseJob _job;
    private readonly BackgroundResponse _live;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;
    private int _numWritten;
    private bool _isOver;

    /// <summary>Begins to write.</summary>
    public ResponseRecord(ResponseJob job, BackgroundResponse live, TimeProvider time, ILogger log)
    {
        (_job, _live, _time, _log) = (job, live, time, log);
        _renewing = Task.Run(RenewAsync, CancellationToken.None);
    }

    /// <summary>Gives the job back, so that it is made again.</summary>
    /// <returns>False where it cannot be given back.</returns>
    public async Task<bool> TryReleaseAsync(ResponseObject queued)
    {
        await StopAsync();
        try
        {
            await _job.ReleaseAsync(queued, TimeSpan.Zero, counts: false, CancellationToken.None);
            _isOver = true;
            return true;
        }
        catch (StorageException exception)
        {
            _log.JobNotGivenBack(exception.Message);
            return false;
        }
    }

    /// <summary>Writes the end. A database that does not answer is waited for, as long as the server lives; without it another server begins anew.</summary>
    public async Task CompleteAsync(CancellationToken timeIsUp)
    {
        await StopAsync();
        while (!_isOver)
        {
            try
            {
                bool isWritten = await _job.CompleteAsync(_live.Response, _numWritten, _live.From(_numWritten, int.MaxValue), CancellationToken.None);
                if (!isWritten)
                    _log.JobLost();
                _isOver = true;
            }
            catch (StorageException exception)
            {
                _log.EndNotWritten(exception.Message);
                if (timeIsUp.IsCancellationRequested)
                    return;
                await Task.Delay(Pause, _time, timeIsUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
    }

    private async Task RenewAsync()
    {
        long renewed = _time.GetTimestamp();
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Interval, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ResponseStreamEvent[] events = _live.From(_numWritten, int.MaxValue);
            if (_stop.IsCancellationRequested || (events.Length == 0 && _time.GetElapsedTime(renewed) < _job.RenewalTime))
                continue;
            try
            {
                JobState state = await _job.RenewAsync(_live.Response, _numWritten, events, CancellationToken.None);
                _numWritten += events.Length;
                renewed = _time.GetTimestamp();
                if (state == JobState.Held)
                    continue;
                await (state == JobState.Cancelled ? _live.CancelAsync() : _live.LoseAsync());
                return;
            }
            catch (StorageException)
            {
                // Said by the database's health; tried again at the next turn.
            }
            catch (Exception exception)
            {
                _log.BackgroundFailed(exception);
                await _live.CancelAsync();
                return;
            }
        }
    }
}
