using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Gemma4.Server.Serving;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Pipeline;

/// <summary>Begins a request's measurement, and counts requests to generate that ended before the engine had them. Stands around the errors,
/// so that it sees their statuses.</summary>
/// <remarks>Not of batches, for which nobody waits: how long their lines do, and how often they are sent away, would hide what callers meet.</remarks>
internal sealed class GenerationMeasuring(RequestDelegate next, GenerationMetrics metrics, ModelNames names)
{
    public async Task InvokeAsync(HttpContext context, RequestTokens tokens, Allowance allowance)
    {
        tokens.Begin(context);
        await next(context);
        if (context.Response.StatusCode >= 400 && tokens.Labels is { } labels && !tokens.HasGenerations && !allowance.IsBatch)
            metrics.RecordRefusal(labels, names.Primary, context.Response.StatusCode, tokens.Elapsed);
    }
}
