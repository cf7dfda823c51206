using Gemma4.Server.Errors;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Pipeline;

/// <summary>While the server stops: refuses new requests, closes connections behind their answers, and ends what outlasts its time.</summary>
/// <remarks>Connections that clients keep open bring requests after the server has stopped listening. Health and metrics are answered to the end.</remarks>
internal sealed class DrainMiddleware(RequestDelegate next, Drain drain)
{
    private static readonly PathString[] AlwaysAnswered = ["/health", "/metrics"];

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(() =>
        {
            if (drain.Begun.IsCancellationRequested)
                context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        if (AlwaysAnswered.Any(path => context.Request.Path.StartsWithSegments(path)))
        {
            await next(context);
            return;
        }
        if (!drain.TryEnter())
            throw Refused();
        CancellationToken aborted = context.RequestAborted;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, drain.TimeIsUp);
            context.RequestAborted = either.Token;
            await next(context);
        }
        catch (OperationCanceledException) when (drain.TimeIsUp.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw Refused();
        }
        finally
        {
            context.RequestAborted = aborted;
            drain.Leave();
        }
    }

    private static ApiException Refused() => new(ErrorTable.Unavailable("The server is stopping. Please try again."));
}
