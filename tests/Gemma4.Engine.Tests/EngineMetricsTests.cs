using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class EngineMetricsTests
{
    [Fact]
    public async Task Tokens_times_and_cache_hits_are_counted_where_tokens_leave()
    {
        await using var served = new LedgerEngine();
        using MetricCollector prompt = served.Collect("gemma4.tokens.prompt");
        using MetricCollector output = served.Collect("gemma4.tokens.output");
        using MetricCollector queue = served.Collect("gemma4.queue.duration");
        using MetricCollector first = served.Collect("gemma4.prompt.duration");
        using MetricCollector next = served.Collect("gemma4.token.interval");
        using MetricCollector queries = served.Collect("gemma4.prefix_cache.queries");
        using MetricCollector hits = served.Collect("gemma4.prefix_cache.hits");
        using MetricCollector steps = served.Collect("gemma4.step.duration");
        using MetricCollector stepTokens = served.Collect("gemma4.step.tokens");

        GenerationRequest request = LedgerEngine.Request([.. Enumerable.Range(0, 50)], maxTokens: 10);
        await served.GenerateAsync(request);
        await served.GenerateAsync(request);
        await served.DisposeAsync();

        Assert.Equal(100, prompt.Sum);
        Assert.Equal(20, output.Sum);
        Assert.Equal(2, first.Measurements.Length);
        Assert.Equal(18, next.Measurements.Length);
        Assert.Equal(2, queue.Measurements.Length);
        Assert.Equal(100, queries.Sum);
        Assert.Equal(48, hits.Sum);
        Assert.Equal(20, steps.Measurements.Length);
        // The last token of a sequence is never computed.
        Assert.Equal(50 + 9 + 2 + 9, stepTokens.Sum);
    }

    [Fact]
    public async Task Tokens_that_come_together_share_the_time_of_their_step()
    {
        var time = new StepTime();
        await using var served = new LedgerEngine(rightness: 1, time: time, beforeStep: _ => time.Advance(1700));
        using MetricCollector next = served.Collect("gemma4.token.interval");
        using MetricCollector steps = served.Collect("gemma4.step.duration");
        GenerationRequest request = LedgerEngine.Request([1, 2, 3], maxTokens: 18);
        Assert.Equal(served.Expected(request), (await served.GenerateAsync(request)).Select(e => e.TokenId!.Value));
        await served.DisposeAsync();
        Assert.Equal(2, steps.Measurements.Length);
        Assert.Equal(17, next.Measurements.Length);
        Assert.All(next.Measurements, m => Assert.Equal(1e-4, m.Value, 1e-9));
    }

    /// <summary>A clock that stands still but for steps.</summary>
    private sealed class StepTime : TimeProvider
    {
        private long _microseconds;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => Volatile.Read(ref _microseconds);

        public void Advance(long microseconds) => Interlocked.Add(ref _microseconds, microseconds);
    }

    [Fact]
    public async Task Gauges_show_who_runs_and_waits_and_what_is_held()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64 };
        await using var served = new LedgerEngine(options, numBlocks: (16, 16), beforeStep: gate.BeforeStep);
        using MetricCollector sequences = served.Collect("gemma4.scheduler.sequences");
        using MetricCollector queued = served.Collect("gemma4.requests.queued");
        using MetricCollector active = served.Collect("gemma4.requests.running");
        using MetricCollector info = served.Collect("gemma4.kv_cache.info");
        using MetricCollector usage = served.Collect("gemma4.kv_cache.usage");
        await using GenerationStream running = await served.Engine.SubmitAsync(
            LedgerEngine.Request([1, 2, 3, 4], maxTokens: 30), TestContext.Current.CancellationToken);
        await gate.ReachedAsync();
        await using GenerationStream waiting = await served.Engine.SubmitAsync(
            LedgerEngine.Request([1, 2, 3, 4], maxTokens: 30), TestContext.Current.CancellationToken);
        gate.Release();
        await gate.ReachedAsync();
        gate.Release();
        await gate.ReachedAsync();

        Assert.Equal([(1, "state=running"), (1, "state=waiting")], sequences.Measurements);
        Assert.Equal(1, Assert.Single(queued.Measurements).Value);
        Assert.Equal(1, Assert.Single(active.Measurements).Value);
        Assert.Equal([(1, "block_size=4,num_gpu_blocks=16")], info.Measurements);
        Assert.Equal(2 / 16.0, usage.Measurements[^1].Value);
        gate.Open();
    }

    [Fact]
    public async Task Time_that_media_take_is_counted_apart()
    {
        await using var served = new LedgerEngine();
        using MetricCollector encoder = served.Collect("gemma4.encoder.time");
        GenerationRequest request = LedgerEngine.Request([.. Enumerable.Range(0, 20)], maxTokens: 2);
        await served.GenerateAsync(request);
        Assert.Empty(encoder.Measurements);
        await served.GenerateAsync(request with { Media = [new MediaItem.Image(4, 8, 1, default, 1)] });
        await served.DisposeAsync();
        Assert.True(Assert.Single(encoder.Measurements).Value > 0);
    }

    [Fact]
    public async Task Preemptions_are_counted()
    {
        var options = new EngineOptions { MaxSequences = 4, MaxTokensPerStep = 16, BlockSize = 4, MaxContextLength = 40 };
        await using var served = new LedgerEngine(options, numBlocks: (11, 11));
        using MetricCollector preemptions = served.Collect("gemma4.scheduler.preemptions");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => served.GenerateAsync(LedgerEngine.Request([i, 2, 3, 4], maxTokens: 30))));
        await served.DisposeAsync();
        Assert.True(preemptions.Sum > 0);
    }

    [Fact]
    public async Task Steps_that_fail_are_counted_and_give_no_tokens()
    {
        int steps = 0;
        await using var served = new LedgerEngine(beforeStep: _ =>
        {
            if (++steps == 3)
                throw new InvalidOperationException("the third step fails");
        });
        using MetricCollector failures = served.Collect("gemma4.step.failures");
        using MetricCollector output = served.Collect("gemma4.tokens.output");
        List<TokenEvent> events = await served.GenerateAsync(LedgerEngine.Request([1, 2, 3], maxTokens: 10));
        await served.DisposeAsync();
        Assert.Equal(FinishReason.Error, events[^1].FinishReason);
        Assert.Equal(1, failures.Sum);
        Assert.Equal(2, output.Sum);
    }

    [Fact]
    public async Task A_request_that_ends_in_the_queue_was_never_started()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64 };
        await using var served = new LedgerEngine(options, beforeStep: gate.BeforeStep);
        using MetricCollector prompt = served.Collect("gemma4.tokens.prompt");
        using MetricCollector queue = served.Collect("gemma4.queue.duration");
        using MetricCollector active = served.Collect("gemma4.requests.running");
        await using GenerationStream running = await served.Engine.SubmitAsync(
            LedgerEngine.Request([1, 2, 3, 4], maxTokens: 3), TestContext.Current.CancellationToken);
        await gate.ReachedAsync();
        await using (await served.Engine.SubmitAsync(LedgerEngine.Request([1, 2, 3, 4, 5], maxTokens: 3), TestContext.Current.CancellationToken))
        {
            // Left at once.
        }
        gate.Open();
        await LedgerEngine.ReadAsync(running);
        Assert.Equal(0, active.Measurements[^1].Value);
        await served.DisposeAsync();
        Assert.Equal(4, prompt.Sum);
        Assert.Single(queue.Measurements);
    }
}
