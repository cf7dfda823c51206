using System.Collections.Concurrent;
using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Makes responses that no client waits for. They are promised in the database before they are answered, and requests like others to the engine.</summary>
internal sealed class BackgroundResponses(IServiceScopeFactory scopes, Drain drain, TimeProvider time, ILogger<BackgroundResponses> log)
{
    private readonly ConcurrentDictionary<string, BackgroundResponse> _live = new(StringComparer.Ordinal);

    /// <summary>A response that is being made here; null when it is not. Ask only for one that the caller keeps.</summary>
    public BackgroundResponse? Find(string id) => _live.GetValueOrDefault(id);

    /// <summary>Starts a response, which is promised from now on and made after this returns.</summary>
    /// <param name="request">Of the right shape.</param>
    /// <param name="stored">What its caller has stored.</param>
    /// <param name="allowance">The request's, which its work goes on with.</param>
    /// <param name="model">Serves it.</param>
    /// <param name="labels">What its metrics are labelled with.</param>
    /// <param name="cancellationToken">Gives up the start, not what was started.</param>
    /// <exception cref="ApiException">The first fault of its meaning; or it cannot be promised.</exception>
    /// <exception cref="Engine.Requests.RequestRejectedException">The template, the media or the engine refuse.</exception>
    public async Task<BackgroundResponse> StartAsync(
        ResponseRequest request, CallerResponses stored, Allowance allowance, LoadedModel model, RequestLabels? labels, CancellationToken cancellationToken)
    {
        // Of its own: the request's services end with the request, and with them the count of what its media hold.
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        try
        {
            scope.ServiceProvider.GetRequiredService<Allowance>().Join(allowance);
            scope.ServiceProvider.GetRequiredService<RequestTokens>().Labels = labels;
            ResponseRun run = await scope.ServiceProvider.GetRequiredService<ResponseRunner>().StartAsync(request, stored, model, cancellationToken);
            ResponseObject queued = run.Start with { Status = "queued" };
            return await BeginAsync(run, scope, queued, request.Stream == true, () => stored.QueueAsync(run.Stored(queued), request, cancellationToken));
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a response whose server is gone.</summary>
    /// <param name="claimed">Its job, held here.</param>
    /// <param name="model">Serves it.</param>
    /// <param name="labels">What its metrics are labelled with.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="ApiException">It cannot be made, or not now.</exception>
    /// <exception cref="Engine.Requests.RequestRejectedException">The template, the media or the engine refuse.</exception>
    public async Task StartAgainAsync(ClaimedResponse claimed, LoadedModel model, RequestLabels labels, CancellationToken cancellationToken)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        try
        {
            scope.ServiceProvider.GetRequiredService<RequestTokens>().Labels = labels;
            var head = new AnswerHead(claimed.Queued.Id, claimed.Queued.CreatedAt, claimed.Queued.Model, model.Fingerprint);
            ResponseRun run = await scope.ServiceProvider.GetRequiredService<ResponseRunner>().StartAsync(
                head, claimed.Request, claimed.Input, claimed.Earlier, claimed.Files, model, cancellationToken);
            await BeginAsync(run, scope, claimed.Queued, claimed.Request.Stream == true, () => Task.FromResult(claimed.Job));
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    private async Task<BackgroundResponse> BeginAsync(ResponseRun run, AsyncServiceScope scope, ResponseObject queued, bool isStreamed, Func<Task<ResponseJob>> promise)
    {
        if (!drain.TryEnter())
        {
            await run.Generation.DisposeAsync();
            throw new ApiException(ErrorTable.Unavailable("The server is stopping. Please try again."));
        }
        try
        {
            ResponseJob job = await promise();
            var live = new BackgroundResponse(queued);
            _live[queued.Id] = live;
            _ = Task.Run(() => MakeAsync(run, live, job, isStreamed, scope), CancellationToken.None);
            return live;
        }
        catch
        {
            drain.Leave();
            await run.Generation.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(ResponseRun run, BackgroundResponse live, ResponseJob job, bool isStreamed, AsyncServiceScope scope)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(live.Ends, drain.TimeIsUp);
        await using var record = new ResponseRecord(job, live, time, log);
        ResponseAssembler assembler = run.Assembler(live.Add);
        bool isWhole = true;
        try
        {
            await using (scope)
            await using (run.Generation)
            {
                assembler.Begin();
                await GenerationReader.ReadToEndAsync(run.Generation, assembler.Add, ends.Token);
                assembler.End(run.Finish(assembler));
            }
        }
        catch (OperationCanceledException) when (live.IsLost)
        {
            // Whoever has it says how it ends.
        }
        catch (OperationCanceledException) when (live.Ends.IsCancellationRequested)
        {
            assembler.Cancel();
        }
        catch (Exception exception) when (drain.Begun.IsCancellationRequested
            && exception is OperationCanceledException or ApiException { Error.Status: StatusCodes.Status503ServiceUnavailable })
        {
            isWhole = false;
        }
        catch (ApiException refused)
        {
            assembler.Fail(refused.Error);
        }
        catch (Exception exception)
        {
            log.BackgroundFailed(exception);
            assembler.Fail(ErrorTable.Internal());
        }
        finally
        {
            try
            {
                if (!isWhole && !await TryGiveBackAsync(run, live, job, isStreamed, record))
                    assembler.Fail(isStreamed && job.OutlivesProcess ? ResponseFaults.Interrupted : ResponseFaults.Of(ErrorTable.Unavailable("The server is stopping; the answer was cut.")));
                await record.CompleteAsync(drain.TimeIsUp);
            }
            catch (Exception exception)
            {
                // Its lease ends, and another server makes it.
                log.BackgroundFailed(exception);
            }
            finally
            {
                _live.TryRemove(KeyValuePair.Create(job.Id, live));     // not the one that this server may have begun anew
                live.End();
                drain.Leave();
            }
        }
    }

    /// <summary>Has a response made again by whoever comes next, unless a client may have read a part of it.</summary>
    private static async Task<bool> TryGiveBackAsync(ResponseRun run, BackgroundResponse live, ResponseJob job, bool isStreamed, ResponseRecord record) =>
        job.OutlivesProcess && !(isStreamed && live.HasOutput) && await record.TryReleaseAsync(run.Start with { Status = "queued" });
}
