using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Steps that hang. The clock is the test's, and so is how long a step takes.</summary>
public sealed class StepWatchTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GenerationRequest AnyRequest => LedgerEngine.Request([1, 2, 3], maxTokens: 6);

    [Fact]
    public async Task Step_that_hangs_ends_every_answer_with_an_error_and_refuses_requests_until_it_comes_back()
    {
        var gate = new StepGate();
        await using LedgerEngine served = Engine(gate);
        await using GenerationStream running = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await gate.ReachedAsync();
        await using GenerationStream queued = await served.Engine.SubmitAsync(AnyRequest with { NumSequences = 2 }, Cancellation);
        queued.Abort(1); // a command that is no request is kept for later

        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(EngineState.Stalled, served.Engine.Health.State);
        Assert.Equal([FinishReason.Error], (await LedgerEngine.ReadAsync(running)).Select(e => e.FinishReason!.Value));
        Assert.Equal([FinishReason.Error, FinishReason.Error], (await LedgerEngine.ReadAsync(queued)).Select(e => e.FinishReason!.Value));
        RequestRejectedException refused = await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(AnyRequest, Cancellation));
        Assert.Equal(RejectionReason.Unavailable, refused.Reason);
        Assert.Throws<RequestRejectedException>(served.Engine.CheckAdmission);

        _time.Advance(TimeSpan.FromSeconds(30)); // looked at again and again
        gate.Open();
        await ServesAgainAsync(served);
        Assert.Equal(served.Expected(AnyRequest), (await served.GenerateAsync(AnyRequest)).Select(e => e.TokenId!.Value));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Step_that_hangs_and_then_throws_is_a_fault_like_others()
    {
        var gate = new StepGate();
        bool hasThrown = false;
        await using LedgerEngine served = Engine(gate, () =>
        {
            if (hasThrown)
                return;
            hasThrown = true;
            throw new InvalidOperationException("injected");
        });
        await using GenerationStream running = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await gate.ReachedAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(FinishReason.Error, (await LedgerEngine.ReadAsync(running))[^1].FinishReason);
        gate.Open();
        await ServesAgainAsync(served);
        Assert.Equal(served.Expected(AnyRequest), (await served.GenerateAsync(AnyRequest)).Select(e => e.TokenId!.Value));
    }

    [Fact]
    public async Task Time_between_steps_counts_nothing()
    {
        var gate = new StepGate();
        await using LedgerEngine served = Engine(gate);
        _time.Advance(TimeSpan.FromHours(1));
        await using GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        for (int i = 0; i < 6; i++)
        {
            await gate.ReachedAsync();
            _time.Advance(TimeSpan.FromSeconds(9));
            Assert.Equal(EngineState.Ready, served.Engine.Health.State);
            gate.Release();
        }
        Assert.Equal(served.Expected(AnyRequest), (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value));
    }

    [Fact]
    public async Task Zero_waits_for_ever()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 8, MaxTokensPerStep = 64, BlockSize = 4, MaxContextLength = 256, StepTimeout = TimeSpan.Zero };
        await using var served = new LedgerEngine(options, beforeStep: gate.BeforeStep, time: _time);
        await using GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await gate.ReachedAsync();
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
        gate.Open();
        Assert.Equal(served.Expected(AnyRequest), (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value));
    }

    private LedgerEngine Engine(StepGate gate, Action? afterGate = null) => new(
        new EngineOptions { MaxSequences = 8, MaxTokensPerStep = 64, BlockSize = 4, MaxContextLength = 256, StepTimeout = TimeSpan.FromSeconds(10) },
        beforeStep: plan =>
        {
            gate.BeforeStep(plan);
            afterGate?.Invoke();
        },
        time: _time);

    /// <summary>The engine's thread lets requests in again when it has cleared up behind the step.</summary>
    private static async Task ServesAgainAsync(LedgerEngine served)
    {
        while (true)
        {
            try
            {
                served.Engine.CheckAdmission();
                return;
            }
            catch (RequestRejectedException)
            {
                await Task.Delay(5, Cancellation);
            }
        }
    }
}
