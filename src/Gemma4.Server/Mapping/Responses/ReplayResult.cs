using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>The events of a response in the background as server-sent events: as they are made where that happens here, else as they are written down. A
/// client that leaves may come back; the work goes on.</summary>
/// <param name="id">The response's id.</param>
/// <param name="live">Where it is made here; null where it is not.</param>
/// <param name="stored">What its caller has stored.</param>
/// <param name="after">Sequence number of the last event that the client has; -1 for none.</param>
internal sealed class ReplayResult(string id, BackgroundResponse? live, CallerResponses stored, int after = -1) : IResult
{
    /// <summary>What a client that comes late is given before the next write.</summary>
    private const int MaxEventsAtOnce = 512;

    /// <summary>Between two looks at what another server makes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public async Task ExecuteAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        IServiceProvider services = context.RequestServices;
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        var heartbeat = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ServerOptions>>().Value.HeartbeatSeconds);
        using var writer = new SseWriter(context.Response.BodyWriter);
        int next = (int)Math.Min(int.MaxValue, after + 1L);
        IReadOnlyList<ResponseStreamEvent> events = [];

        async ValueTask<bool> WaitAsync()
        {
            if (live is not null)
                return await live.WaitAsync(next);
            events = await ReadAsync(next, time, aborted);
            return events.Count > 0;
        }

        using var waits = new StreamWaits(WaitAsync, heartbeat, time, aborted);
        SseResult.Begin(context, "text/event-stream; charset=utf-8");
        while (await waits.NextAsync() is var waited and not Waited.End)
        {
            if (waited == Waited.Silence)
                writer.Heartbeat();
            else
                Send(writer, live?.From(next, MaxEventsAtOnce) ?? events, ref next);
            waits.Spoke();
            await writer.FlushAsync(aborted);
        }
        // It was given back or lost, and is made again: the end that clients wait for has not come.
        if (live?.Response.Status is "queued" or "in_progress")
            throw new ApiException(ErrorTable.Unavailable("The response is not made here any more; it is made again. Please ask for it again."));
    }

    private static void Send(SseWriter writer, IReadOnlyList<ResponseStreamEvent> events, ref int next)
    {
        foreach (ResponseStreamEvent item in events)
        {
            writer.Frame(item.Type, item, OpenAIJson.Context.ResponseStreamEvent);
            next = item.SequenceNumber + 1;
        }
    }

    /// <summary>Waits for events that are written down.</summary>
    /// <returns>None when there will be none, or the response is deleted.</returns>
    private async Task<ImmutableArray<ResponseStreamEvent>> ReadAsync(int from, TimeProvider time, CancellationToken aborted)
    {
        while (true)
        {
            // In this order: the last event is written when the job ends.
            bool isRunning = await stored.ProgressAsync(id, aborted) is { IsRunning: true };
            ImmutableArray<ResponseStreamEvent> events = await stored.EventsAsync(id, from, aborted) ?? [];
            if (events.Length > 0 || !isRunning)
                return events;
            await Task.Delay(Pause, time, aborted);
        }
    }
}
