using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>What clients do to an engine: leave, stall, never read, abort; and what it does to them: drain.</summary>
public sealed class EngineClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GenerationRequest Long => LedgerEngine.Request([1, 2, 3], maxTokens: 200);

    [Fact]
    public async Task Client_that_leaves_stops_the_work_at_the_next_step()
    {
        var gate = new StepGate();
        int numSteps = 0;
        await using var served = new LedgerEngine(beforeStep: plan =>
        {
            numSteps++;
            gate.BeforeStep(plan);
        });
        GenerationStream stream = await served.Engine.SubmitAsync(Long, Cancellation);
        for (int i = 0; i < 3; i++)
        {
            await gate.ReachedAsync();
            gate.Release();
        }
        await gate.ReachedAsync();
        await stream.DisposeAsync();
        await stream.DisposeAsync();
        gate.Open();
        await served.Engine.DrainAsync(Cancellation);
        Assert.Equal(4, numSteps);
    }

    [Fact]
    public async Task Client_that_never_reads_holds_up_nobody_and_loses_nothing()
    {
        await using var served = new LedgerEngine();
        await using GenerationStream unread = await served.Engine.SubmitAsync(Long, Cancellation);
        for (int i = 0; i < 5; i++)
            Assert.Equal(served.Expected(Long), (await served.GenerateAsync(Long)).Select(e => e.TokenId!.Value));
        Assert.Equal(served.Expected(Long), (await LedgerEngine.ReadAsync(unread)).Select(e => e.TokenId!.Value));
    }

    [Fact]
    public async Task One_sequence_of_several_is_aborted_alone()
    {
        var gate = new StepGate();
        await using var served = new LedgerEngine(beforeStep: gate.BeforeStep);
        await using GenerationStream stream = await served.Engine.SubmitAsync(Long with { NumSequences = 3, MaxTokens = 20 }, Cancellation);
        await gate.ReachedAsync();
        stream.Abort(1);
        gate.Open();
        List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);
        Assert.Equal(FinishReason.Aborted, events.Single(e => e.SequenceIndex == 1 && e.FinishReason is not null).FinishReason);
        foreach (int index in new[] { 0, 2 })
        {
            Assert.Equal(20, events.Count(e => e.SequenceIndex == index));
            Assert.Equal(FinishReason.Length, events.Last(e => e.SequenceIndex == index).FinishReason);
        }
    }

    [Fact]
    public async Task Sequences_of_one_request_differ_and_the_first_is_that_of_the_seed()
    {
        await using var served = new LedgerEngine();
        GenerationRequest request = LedgerEngine.Request([.. Enumerable.Range(0, 30)], maxTokens: 20) with { NumSequences = 3 };
        List<TokenEvent> events = await served.GenerateAsync(request);
        List<int>[] outputs = [.. Enumerable.Range(0, 3).Select(i => events.Where(e => e.SequenceIndex == i).Select(e => e.TokenId!.Value).ToList())];
        Assert.Equal(served.Expected(request), outputs[0]);
        Assert.NotEqual(outputs[0], outputs[1]);
        Assert.NotEqual(outputs[1], outputs[2]);
    }

    [Fact]
    public async Task Full_queue_refuses_with_a_time_to_come_back()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64, MaxQueuedRequests = 2 };
        await using var served = new LedgerEngine(options, beforeStep: gate.BeforeStep);
        List<GenerationStream> streams = [await served.Engine.SubmitAsync(Long, Cancellation)];
        await gate.ReachedAsync();
        streams.Add(await served.Engine.SubmitAsync(Long, Cancellation));
        streams.Add(await served.Engine.SubmitAsync(Long, Cancellation));

        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(Long, Cancellation));
        Assert.Equal(RejectionReason.QueueFull, e.Reason);
        Assert.InRange(e.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        RequestRejectedException early = Assert.Throws<RequestRejectedException>(served.Engine.CheckAdmission);
        Assert.Equal((e.Reason, e.Message), (early.Reason, early.Message));

        gate.Open();
        foreach (GenerationStream stream in streams)
            Assert.Equal(served.Expected(Long), (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value));
        served.Engine.CheckAdmission();
        Assert.Equal(served.Expected(Long), (await served.GenerateAsync(Long)).Select(e => e.TokenId!.Value));
    }

    [Fact]
    public async Task Draining_finishes_what_runs_and_refuses_what_comes()
    {
        var gate = new StepGate();
        await using var served = new LedgerEngine(beforeStep: gate.BeforeStep);
        await using GenerationStream stream = await served.Engine.SubmitAsync(Long, Cancellation);
        await gate.ReachedAsync();
        Task drained = served.Engine.DrainAsync(Cancellation);
        Assert.Equal(EngineState.Draining, served.Engine.Health.State);
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(Long, Cancellation));
        Assert.Equal(RejectionReason.Unavailable, e.Reason);
        Assert.Equal(RejectionReason.Unavailable, Assert.Throws<RequestRejectedException>(served.Engine.CheckAdmission).Reason);
        Assert.False(drained.IsCompleted);
        gate.Open();
        Assert.Equal(served.Expected(Long), (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value));
        await drained.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task Draining_that_may_not_wait_aborts()
    {
        var gate = new StepGate();
        await using var served = new LedgerEngine(beforeStep: gate.BeforeStep);
        await using GenerationStream stream = await served.Engine.SubmitAsync(Long, Cancellation);
        await gate.ReachedAsync();
        Task drained = served.Engine.DrainAsync(new CancellationToken(canceled: true));
        gate.Open();
        await drained.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(FinishReason.Aborted, (await LedgerEngine.ReadAsync(stream))[^1].FinishReason);
    }

    [Fact]
    public async Task Disposing_the_engine_ends_every_stream_and_its_runner()
    {
        var gate = new StepGate();
        var served = new LedgerEngine(beforeStep: gate.BeforeStep);
        GenerationStream stream = await served.Engine.SubmitAsync(Long, Cancellation);
        await gate.ReachedAsync();
        Task disposed = served.DisposeAsync().AsTask();
        gate.Open();
        await disposed.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(FinishReason.Aborted, (await LedgerEngine.ReadAsync(stream))[^1].FinishReason);
        Assert.True(served.Runner.IsDisposed);
        await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(Long, Cancellation));
    }
}
