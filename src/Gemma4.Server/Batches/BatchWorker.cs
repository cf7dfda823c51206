using System.Collections.Concurrent;
using Gemma4.Server.Access;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Batches;

/// <summary>Takes batches that nobody answers, a few at a time, and has them answered.</summary>
internal sealed class BatchWorker(
    BatchStore store, BatchJobs jobs, BatchRunner runner, BatchMetrics metrics, ModelHost host, ModelNames names, Drain drain, IOptions<StorageOptions> options,
    ILogger<BatchWorker> log) : BackgroundService
{
    /// <summary>More than one, so that a short batch need not wait for a long one; one caller does not get all.</summary>
    private const int MaxAtOnce = 4, MaxOfCaller = 3;

    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(1), MaxPause = TimeSpan.FromSeconds(10), FaultPause = TimeSpan.FromSeconds(5), FullPause = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _running = new(MaxAtOnce, MaxAtOnce);
    private readonly ConcurrentDictionary<BatchJob, Caller> _callers = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, drain.Begun);
        var pause = TimeSpan.FromSeconds(Math.Clamp(options.Value.LeaseSeconds / 3.0, MinPause.TotalSeconds, MaxPause.TotalSeconds));
        try
        {
            while (true)
            {
                await _running.WaitAsync(ends.Token);
                bool isLoaded = host.Loaded is not null;
                if (!isLoaded || await TryClaimAsync() is not { } job)
                {
                    _running.Release();
                    await store.WaitAsync(isLoaded ? pause : MinPause, ends.Token);
                    continue;
                }
                _callers[job] = job.Caller;
                _ = Task.Run(() => RunAsync(job, ends.Token), CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // Each gives its lease back.
            for (int i = 0; i < MaxAtOnce; i++)
                await _running.WaitAsync(CancellationToken.None);
        }
    }

    private async Task<BatchJob?> TryClaimAsync()
    {
        try
        {
            string[] busy = [.. _callers.Values.GroupBy(caller => caller.Id).Where(batches => batches.Count() >= MaxOfCaller).Select(batches => batches.Key)];
            return await jobs.ClaimAsync(names.Accepted, busy, CancellationToken.None);
        }
        catch (StorageException)
        {
            // Said by the database's health; tried again.
        }
        catch (Exception exception)
        {
            log.ClaimFailed(exception);
        }
        return null;
    }

    private async Task RunAsync(BatchJob job, CancellationToken ends)
    {
        metrics.Begin();
        try
        {
            if (!await runner.RunAsync(job, ends))
                log.BatchLost(job.Found.Id);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            await TryReleaseAsync(job, TimeSpan.Zero, counts: false);
        }
        catch (OperationCanceledException)
        {
            log.BatchLost(job.Found.Id);
        }
        catch (FileTooLargeException exception)
        {
            log.BatchWaits(job.Found.Id, exception.Message);
            await TryReleaseAsync(job, FullPause, counts: false);
        }
        catch (StorageException exception)
        {
            log.BatchWaits(job.Found.Id, exception.Message);
            await TryReleaseAsync(job, FaultPause, counts: false);
        }
        catch (Exception exception)
        {
            log.BatchFailed(exception, job.Found.Id);
            await TryReleaseAsync(job, FaultPause, counts: true);
        }
        finally
        {
            metrics.End();
            _callers.TryRemove(job, out _);
            _running.Release();
        }
    }

    private async Task TryReleaseAsync(BatchJob job, TimeSpan notBefore, bool counts)
    {
        try
        {
            await job.ReleaseAsync(notBefore, counts, CancellationToken.None);
        }
        catch (StorageException exception)
        {
            // Its lease ends, and another server takes it, or this one does.
            log.BatchWaits(job.Found.Id, exception.Message);
        }
    }
}
