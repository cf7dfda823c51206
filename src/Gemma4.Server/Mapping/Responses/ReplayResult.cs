using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>The events of a response in the background as server-sent events. A client that leaves may come back; the work goes on.</summary>
/// <param name="response">The response.</param>
/// <param name="after">Sequence number of the last event that the client has; -1 for none.</param>
internal sealed class ReplayResult(BackgroundResponse response, int after = -1) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        IServiceProvider services = context.RequestServices;
        var heartbeat = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ServerOptions>>().Value.HeartbeatSeconds);
        using var writer = new SseWriter(context.Response.BodyWriter);
        SseResult.Begin(context, "text/event-stream; charset=utf-8");
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        int next = Math.Max(0, after + 1);
        while (await response.ReadAsync(next, heartbeat, time, aborted) is { } batch)
        {
            foreach (ResponseStreamEvent item in batch)
                writer.Frame(item.Type, item, OpenAIJson.Context.ResponseStreamEvent);
            next += batch.Count;
            if (batch.Count == 0)
                writer.Heartbeat();
            await writer.FlushAsync(aborted);
        }
    }
}
