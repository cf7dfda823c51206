using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Makes responses that no client waits for. They are requests like others: the engine's queue bounds them, and a server that stops waits for them.</summary>
internal sealed class BackgroundResponses(IServiceScopeFactory scopes, Drain drain, ILogger<BackgroundResponses> log)
{
    /// <summary>Starts a response, which is kept from now on and made after this returns.</summary>
    /// <param name="request">Of the right shape.</param>
    /// <param name="stored">What its caller has stored.</param>
    /// <param name="allowance">The request's, which its work goes on with.</param>
    /// <param name="model">Serves it.</param>
    /// <param name="labels">What its metrics are labelled with.</param>
    /// <param name="cancellationToken">Gives up the start, not what was started.</param>
    /// <exception cref="ApiException">The first fault of its meaning.</exception>
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
            var response = new BackgroundResponse(run.Start with { Status = "queued" });
            if (!drain.TryEnter())
            {
                await run.Generation.DisposeAsync();
                throw new ApiException(ErrorTable.Unavailable("The server is stopping. Please try again."));
            }
            stored.Add(run.Stored(response.Response) with { Background = response });
            _ = Task.Run(() => MakeAsync(run, response, stored, scope), CancellationToken.None);
            return response;
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(ResponseRun run, BackgroundResponse response, CallerResponses stored, AsyncServiceScope scope)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(response.Cancelled, drain.TimeIsUp);
        ResponseAssembler assembler = run.Assembler(response.Add);
        try
        {
            await using (scope)
            await using (run.Generation)
            {
                assembler.Begin();
                await GenerationReader.ReadToEndAsync(run.Generation, assembler.Add, ends.Token);
                run.End(assembler);
            }
        }
        catch (OperationCanceledException) when (response.Cancelled.IsCancellationRequested)
        {
            assembler.Cancel();
        }
        catch (OperationCanceledException)
        {
            assembler.Fail(ErrorTable.Unavailable("The server is stopping; the answer was cut."));
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
            stored.Replace(run.Stored(response.Response) with { Background = response });
            response.End();
            drain.Leave();
        }
    }
}
