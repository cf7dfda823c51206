using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>Spans of what the engine did for a request: <c>generate</c>, and in it <c>queue</c>, <c>prompt</c>, <c>encode</c> and <c>decode</c>.</summary>
/// <remarks>Written when the request has ended, from the times it was measured with, so that a step costs the same with and without. A span says
/// how many tokens there were, never which.</remarks>
internal sealed class EngineTraces(TimeProvider time)
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Gemma4.Engine";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Writes the spans of a request that has ended.</summary>
    public void Write(ActiveRequest request, FinishReason reason)
    {
        if (!Source.HasListeners())
            return;
        var clock = new Clock(time, time.GetUtcNow(), time.GetTimestamp());
        long end = clock.Timestamp;
        using Activity? generate = Source.StartActivity("generate", ActivityKind.Internal, request.Trace, startTime: clock.At(request.Submitted));
        if (generate is null)
            return;
        Describe(generate, request, reason);
        long started = request.Started ?? end;
        Part("queue", request.Submitted, started);
        if (request.Started is not null)
            Part("prompt", started, request.FirstToken ?? end);
        if (request.EncoderBegan is { } began)
            Part("encode", began, request.EncoderEnded);
        if (request.FirstToken is { } first)
        {
            generate.AddEvent(new ActivityEvent("first token", clock.At(first)));
            Part("decode", first, end);
        }
        generate.SetEndTime(clock.At(end).UtcDateTime);

        void Part(string name, long from, long to)
        {
            using Activity? part = Source.StartActivity(name, ActivityKind.Internal, generate.Context, startTime: clock.At(from));
            part?.SetEndTime(clock.At(to).UtcDateTime);
        }
    }

    private static void Describe(Activity generate, ActiveRequest request, FinishReason reason)
    {
        generate.SetTag("gemma4.request.id", request.Request.Id);
        generate.SetTag("gen_ai.usage.input_tokens", request.Request.PromptTokenIds.Length);
        generate.SetTag("gen_ai.usage.cache_read.input_tokens", request.Sequences[0].NumCachedTokens);
        int output = 0;
        foreach (Sequence sequence in request.Sequences)
            output += sequence.NumOutputTokens;
        generate.SetTag("gen_ai.usage.output_tokens", output);
        if (reason == FinishReason.Error)
            generate.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>Timestamps as times of day.</summary>
    private readonly record struct Clock(TimeProvider Time, DateTimeOffset Now, long Timestamp)
    {
        public DateTimeOffset At(long timestamp) => Now - Time.GetElapsedTime(timestamp, Timestamp);
    }
}
