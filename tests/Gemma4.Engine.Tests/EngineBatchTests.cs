using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Requests of batches through the whole engine.</summary>
public sealed class EngineBatchTests
{
    private static readonly GenerationRequest Interactive = LedgerEngine.Request([1, 2, 3], maxTokens: 5);
    private static readonly GenerationRequest Batch = LedgerEngine.Request([4, 5, 6], maxTokens: 5) with { IsBatch = true };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_batch_waits_a_second_behind_an_interactive_request_and_then_gets_its_tokens()
    {
        await using var served = new LedgerEngine();
        Assert.Equal(served.Expected(Batch), (await served.GenerateAsync(Batch)).Select(e => e.TokenId!.Value));     // at once where nobody was
        await served.GenerateAsync(Interactive);
        long ended = Stopwatch.GetTimestamp();
        Assert.Equal(served.Expected(Batch), (await served.GenerateAsync(Batch)).Select(e => e.TokenId!.Value));
        Assert.True(Stopwatch.GetElapsedTime(ended) > 0.9 * BatchPacer.Pause, $"{Stopwatch.GetElapsedTime(ended)}");
    }

    [Fact]
    public async Task An_interactive_request_is_served_while_a_batch_waits()
    {
        await using var served = new LedgerEngine();
        await served.GenerateAsync(Interactive);
        Task<List<TokenEvent>> batch = served.GenerateAsync(Batch);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(served.Expected(Interactive), (await served.GenerateAsync(Interactive)).Select(e => e.TokenId!.Value));
            Assert.False(batch.IsCompleted);
        }
        Assert.Equal(served.Expected(Batch), (await batch).Select(e => e.TokenId!.Value));
    }

    [Fact]
    public async Task A_batch_that_waits_can_be_given_up_and_the_engine_can_stop()
    {
        await using var served = new LedgerEngine();
        await served.GenerateAsync(Interactive);
        GenerationStream given = await served.Engine.SubmitAsync(Batch, Cancellation);
        await given.DisposeAsync();
        await using GenerationStream waiting = await served.Engine.SubmitAsync(Batch, Cancellation);
        long asked = Stopwatch.GetTimestamp();
        await served.Engine.DisposeAsync();
        Assert.Equal(FinishReason.Aborted, (await LedgerEngine.ReadAsync(waiting))[^1].FinishReason);
        Assert.True(Stopwatch.GetElapsedTime(asked) < BatchPacer.Pause);
    }

    [Fact]
    public async Task Requests_of_a_batch_are_not_counted_as_queued()
    {
        await using var served = new LedgerEngine();
        await served.GenerateAsync(Interactive);
        using MetricCollector queued = served.Collect("gemma4.requests.queued"), running = served.Collect("gemma4.requests.running");
        await using GenerationStream waiting = await served.Engine.SubmitAsync(Batch, Cancellation);
        Assert.Equal((0, 0), (queued.Sum, running.Sum));
        await LedgerEngine.ReadAsync(waiting);
    }

    [Fact]
    public async Task Their_tokens_are_counted_and_not_how_long_they_took()
    {
        await using var served = new LedgerEngine();
        using MetricCollector tokens = served.Collect("gemma4.tokens.output"), queue = served.Collect("gemma4.queue.duration"), first = served.Collect("gemma4.prompt.duration"),
            interval = served.Collect("gemma4.token.interval");
        await served.GenerateAsync(Batch);
        Assert.Equal((5, 0, 0, 0), (tokens.Sum, queue.Measurements.Length, first.Measurements.Length, interval.Measurements.Length));
        await served.GenerateAsync(Interactive);
        Assert.Equal((10, 1, 1, 4), (tokens.Sum, queue.Measurements.Length, first.Measurements.Length, interval.Measurements.Length));
    }
}
