using System.Collections.Concurrent;
using System.Diagnostics;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class EngineTracesTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _all = [];
    private readonly Activity _caller = new("caller");
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == EngineTraces.SourceName,
    };

    public EngineTracesTests()
    {
        _caller.SetIdFormat(ActivityIdFormat.W3C).Start();
        ActivityTraceId own = _caller.TraceId;
        _listener.Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            options.Parent.TraceId == own ? ActivitySamplingResult.AllData : ActivitySamplingResult.None;
        _listener.ActivityStopped = _all.Enqueue;
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task A_request_is_queue_prompt_and_decode_under_its_callers_span()
    {
        await using var served = new LedgerEngine();
        await served.GenerateAsync(LedgerEngine.Request([.. Enumerable.Range(0, 50)], maxTokens: 10) with { Media = [new MediaItem.Image(4, 8, 1, default, 1)] });
        await served.DisposeAsync();

        Activity generate = Of("generate");
        Assert.Equal(_caller.SpanId, generate.ParentSpanId);
        Assert.Equal(["decode", "encode", "generate", "prompt", "queue"], _all.Select(a => a.OperationName).Order());
        Assert.All(_all.Where(a => a != generate), a => Assert.Equal(generate.SpanId, a.ParentSpanId));
        Assert.Equal(generate.StartTimeUtc, Of("queue").StartTimeUtc);
        Near(End(Of("queue")), Of("prompt").StartTimeUtc);
        Near(End(Of("prompt")), Of("decode").StartTimeUtc);
        Near(End(Of("decode")), End(generate));
        Near(Of("decode").StartTimeUtc, Assert.Single(generate.Events, e => e.Name == "first token").Timestamp.UtcDateTime);
        Assert.Equal(
            [("gemma4.request.id", "request"), ("gen_ai.usage.cache_read.input_tokens", "0"), ("gen_ai.usage.input_tokens", "50"), ("gen_ai.usage.output_tokens", "10")],
            generate.TagObjects.Select(t => (t.Key, $"{t.Value}")).Order());
        Assert.Equal(ActivityStatusCode.Unset, generate.Status);
    }

    [Fact]
    public async Task A_request_that_fails_at_once_has_an_error_and_no_decode()
    {
        await using var served = new LedgerEngine(beforeStep: _ => throw new InvalidOperationException("fails"));
        await served.GenerateAsync(LedgerEngine.Request([1, 2, 3], maxTokens: 10));
        await served.DisposeAsync();
        Assert.Equal(["generate", "prompt", "queue"], _all.Select(a => a.OperationName).Order());
        Assert.Equal(ActivityStatusCode.Error, Of("generate").Status);
    }

    [Fact]
    public async Task A_request_that_ends_in_the_queue_was_only_there()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64 };
        await using var served = new LedgerEngine(options, beforeStep: gate.BeforeStep);
        Activity.Current = null;
        await using GenerationStream running = await served.Engine.SubmitAsync(
            LedgerEngine.Request([1, 2, 3, 4], maxTokens: 3), TestContext.Current.CancellationToken);
        await gate.ReachedAsync();
        Activity.Current = _caller;
        await using (await served.Engine.SubmitAsync(LedgerEngine.Request([1, 2, 3, 4, 5], maxTokens: 3), TestContext.Current.CancellationToken))
        {
            // Left at once.
        }
        gate.Open();
        await LedgerEngine.ReadAsync(running);
        await served.DisposeAsync();
        Assert.Equal(["generate", "queue"], _all.Select(a => a.OperationName).Order());
    }

    public void Dispose()
    {
        _listener.Dispose();
        _caller.Dispose();
    }

    private static DateTime End(Activity span) => span.StartTimeUtc + span.Duration;

    private static void Near(DateTime expected, DateTime actual) => Assert.Equal(expected, actual, TimeSpan.FromMicroseconds(5));

    private Activity Of(string name) => Assert.Single(_all, a => a.OperationName == name);
}
