using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Takes over responses in the background whose server is gone: they are made again, or fail where that would not do.</summary>
internal sealed class AbandonedResponses(
    ResponseJobs jobs, BackgroundResponses background, ModelHost host, ModelNames names, Drain drain, IOptions<StorageOptions> options, TimeProvider time,
    ILogger<AbandonedResponses> log) : BackgroundService
{
    /// <summary>A response that ends three servers is not given a fourth.</summary>
    private const int MaxAttempts = 3;

    private static readonly RequestLabels Labels = new("/v1/responses", GeneratesAttribute.Chat);

    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(1), MaxPause = TimeSpan.FromSeconds(10), FullPause = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, drain.Begun);
        var pause = TimeSpan.FromSeconds(Math.Clamp(options.Value.LeaseSeconds / 3.0, MinPause.TotalSeconds, MaxPause.TotalSeconds));
        while (!ends.IsCancellationRequested)
        {
            try
            {
                while (host.Loaded is { } model && await jobs.ClaimAsync(names.Accepted, ends.Token) is { } claimed)
                    await TakeAsync(claimed, model, ends.Token);
            }
            catch (StorageException)
            {
                // Said by the database's health; tried again.
            }
            catch (OperationCanceledException) when (ends.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // One job must not keep the others waiting: its lease ends, and it is tried again.
                log.BackgroundFailed(exception);
            }
            await Task.Delay(pause, time, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TakeAsync(ClaimedResponse claimed, LoadedModel model, CancellationToken cancellationToken)
    {
        log.TakenOver(claimed.Attempt);
        if (claimed.Attempt > MaxAttempts)
        {
            await FailAsync(claimed, ResponseFaults.TooOften(claimed.Attempt - 1));
            return;
        }
        if (claimed.Request.Stream == true && claimed.NumEvents > BackgroundResponse.NumOpeningEvents)
        {
            await FailAsync(claimed, ResponseFaults.Interrupted);
            return;
        }
        try
        {
            if (claimed.NumEvents > 0)
                await claimed.Job.ForgetEventsAsync(cancellationToken);
            await background.StartAgainAsync(claimed, model, Labels, cancellationToken);
        }
        catch (RequestRejectedException full) when (full.Reason is RejectionReason.QueueFull or RejectionReason.Unavailable)
        {
            await claimed.Job.ReleaseAsync(claimed.Queued, FullPause, counts: false, CancellationToken.None);
        }
        catch (RequestRejectedException refused)
        {
            await FailAsync(claimed, ResponseFaults.Of(ErrorTable.From(refused)));
        }
        catch (ApiException refused) when (refused is not StorageException && refused.Error.Status < 500)
        {
            await FailAsync(claimed, ResponseFaults.Of(refused.Error));
        }
        catch (ApiException refused) when (refused is not StorageException)
        {
            await claimed.Job.ReleaseAsync(claimed.Queued, FullPause, counts: false, CancellationToken.None);
        }
    }

    private static Task FailAsync(ClaimedResponse claimed, ResponseError error)
    {
        ResponseObject failed = claimed.Queued with { Status = "failed", Error = error };
        var last = new ResponseStreamEvent { Type = "response.failed", SequenceNumber = claimed.NumEvents, Response = failed };
        return claimed.Job.CompleteAsync(failed, claimed.NumEvents, [last], CancellationToken.None);
    }
}
