using Gemma4.Server.Storage;

namespace Gemma4.Server.Batches;

/// <summary>Keeps the lease of a batch while it is answered here, and learns when that is to end.</summary>
internal sealed class BatchHolding : IAsyncDisposable
{
    private readonly BatchJob _job;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new(), _lost, _enough;
    private readonly Task _renewing;
    private volatile AnswerWriter? _writer;

    /// <summary>Begins to renew.</summary>
    /// <param name="job">The batch, held here.</param>
    /// <param name="time">Measures the pauses.</param>
    /// <param name="ends">Ends all that is done for it here.</param>
    public BatchHolding(BatchJob job, TimeProvider time, CancellationToken ends)
    {
        (_job, _time) = (job, time);
        _lost = CancellationTokenSource.CreateLinkedTokenSource(ends);
        _enough = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token);
        _renewing = Task.Run(RenewAsync, CancellationToken.None);
    }

    /// <summary>Cancelled when nothing may be done for the batch here any more.</summary>
    public CancellationToken Ends => _lost.Token;

    /// <summary>Cancelled when no further line is to be answered: it was cancelled, or its time is up.</summary>
    public CancellationToken Enough => _enough.Token;

    /// <summary>Has the lease's renewals tell how far the batch is.</summary>
    public void CountBy(AnswerWriter writer) => _writer = writer;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        _enough.Dispose();
        _lost.Dispose();
        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(_job.RenewalTime, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
                return;
            try
            {
                JobState state = await _job.RenewAsync(_writer?.Counts, CancellationToken.None);
                if (state == JobState.Lost)
                    await _lost.CancelAsync();
                if (state == JobState.Cancelled || _job.IsExpired)
                    await _enough.CancelAsync();
            }
            catch (StorageException)
            {
                // Said by the database's health; tried again at the next turn.
            }
        }
    }
}
