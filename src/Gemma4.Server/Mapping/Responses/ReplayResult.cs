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
        int next = (int)Math.Min(int.MaxValue, after + 1L);
        using var waits = new StreamWaits(() => response.WaitAsync(next), heartbeat, services.GetRequiredService<TimeProvider>(), aborted);
        while (await waits.NextAsync() is var waited and not Waited.End)
        {
            if (waited == Waited.Silence)
                writer.Heartbeat();
            foreach (ResponseStreamEvent item in response.From(next))
            {
                writer.Frame(item.Type, item, OpenAIJson.Context.ResponseStreamEvent);
                next++;
            }
            waits.Spoke();
            await writer.FlushAsync(aborted);
        }
    }
}
