using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class EngineFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GenerationRequest AnyRequest => LedgerEngine.Request([1, 2, 3], maxTokens: 6);

    [Fact]
    public async Task Fault_ends_the_sequences_of_its_step_and_no_other()
    {
        int step = 0;
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64 };
        await using var served = new LedgerEngine(options, beforeStep: _ =>
        {
            if (++step == 3)
                throw new InvalidOperationException("injected");
        });

        // One sequence at a time: the second waits while the first fails.
        await using GenerationStream first = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await using GenerationStream second = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        List<TokenEvent> failed = await LedgerEngine.ReadAsync(first);
        List<TokenEvent> whole = await LedgerEngine.ReadAsync(second);

        Assert.Equal(FinishReason.Error, failed[^1].FinishReason);
        Assert.NotNull(failed[^1].Error);
        Assert.DoesNotContain("injected", failed[^1].Error, StringComparison.Ordinal);
        Assert.Equal(served.Expected(AnyRequest)[..(failed.Count - 1)], failed.SkipLast(1).Select(e => e.TokenId!.Value));
        Assert.Equal(served.Expected(AnyRequest), whole.Select(e => e.TokenId!.Value));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Image_that_cannot_be_encoded_ends_its_own_request_and_is_logged()
    {
        await using var served = new LedgerEngine();
        var fault = new InvalidOperationException("injected");
        served.Runner.BeforeSlice = item =>
        {
            if (item.ContentHash == 1)
                throw fault;
        };
        GenerationRequest Seeing(int content) => LedgerEngine.Request([.. Enumerable.Range(0, 20)], maxTokens: 6) with
        {
            Media = [new MediaItem.Image(4, 8, (UInt128)content, default, 1)],
        };

        List<TokenEvent>[] results = await Task.WhenAll(
            served.GenerateAsync(Seeing(1)), served.GenerateAsync(Seeing(2)), served.GenerateAsync(AnyRequest));

        Assert.Equal(FinishReason.Error, Assert.Single(results[0]).FinishReason);
        Assert.Equal(served.Expected(Seeing(2)), results[1].Select(e => e.TokenId!.Value));
        Assert.Equal(served.Expected(AnyRequest), results[2].Select(e => e.TokenId!.Value));
        Assert.Same(fault, Assert.Single(served.Log.Faults));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Engine_is_degraded_until_a_step_succeeds_again()
    {
        var gate = new StepGate();
        int step = 0;
        await using var served = new LedgerEngine(beforeStep: plan =>
        {
            if (++step == 1)
                throw new InvalidOperationException("injected");
            gate.BeforeStep(plan);
        });
        Assert.Equal(FinishReason.Error, (await served.GenerateAsync(AnyRequest))[^1].FinishReason);

        await using GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await gate.ReachedAsync();
        Assert.Equal(EngineState.Degraded, served.Engine.Health.State);
        gate.Open();
        Assert.Equal(served.Expected(AnyRequest), (await LedgerEngine.ReadAsync(stream)).Select(e => e.TokenId!.Value));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Faults_in_a_row_make_the_engine_fail_and_nothing_hangs()
    {
        await using var served = new LedgerEngine(beforeStep: _ => throw new InvalidOperationException("injected"));
        for (int i = 0; i < 3; i++)
            Assert.Equal(FinishReason.Error, (await served.GenerateAsync(AnyRequest))[^1].FinishReason);
        await RefusesAsync(served);
    }

    [Fact]
    public async Task Runner_that_is_lost_makes_the_engine_fail_at_once_and_ends_the_waiting_too()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 64 };
        await using var served = new LedgerEngine(options, survivesFaults: false, beforeStep: plan =>
        {
            gate.BeforeStep(plan);
            throw new InvalidOperationException("the device is lost");
        });
        await using GenerationStream running = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        await gate.ReachedAsync();
        await using GenerationStream waiting = await served.Engine.SubmitAsync(AnyRequest with { NumSequences = 3 }, Cancellation);
        gate.Open();

        Assert.Equal(FinishReason.Error, (await LedgerEngine.ReadAsync(running))[^1].FinishReason);
        Assert.Equal(
            [FinishReason.Error, FinishReason.Error, FinishReason.Error],
            (await LedgerEngine.ReadAsync(waiting)).Select(e => e.FinishReason!.Value));
        await RefusesAsync(served);
    }

    [Fact]
    public async Task Constraint_that_throws_ends_its_sequence_and_spares_its_neighbours()
    {
        var gate = new StepGate();
        await using var served = new LedgerEngine(beforeStep: gate.BeforeStep);
        await using GenerationStream broken = await served.Engine.SubmitAsync(
            AnyRequest with { Constraint = new ThrowingConstraint() }, Cancellation);
        await using GenerationStream whole = await served.Engine.SubmitAsync(AnyRequest, Cancellation);
        gate.Open();

        List<TokenEvent> failed = await LedgerEngine.ReadAsync(broken);
        Assert.Equal(served.Expected(AnyRequest)[..3], failed.SkipLast(1).Select(e => e.TokenId!.Value));
        Assert.Equal(FinishReason.Error, failed[^1].FinishReason);
        Assert.Equal(served.Expected(AnyRequest), (await LedgerEngine.ReadAsync(whole)).Select(e => e.TokenId!.Value));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    private sealed class ThrowingConstraint : ITokenConstraintSource, ITokenConstraint
    {
        private int _accepted;

        public ITokenConstraint Create() => new ThrowingConstraint();

        public MaskResult FillMask(Span<uint> mask, bool mayCompute) => MaskResult.Unmasked;

        public AcceptResult Accept(int tokenId, bool mayCompute) =>
            ++_accepted < 3 ? AcceptResult.GoesOn : throw new InvalidOperationException("injected");

        public void Rollback(int numTokens) => _accepted -= numTokens;
    }

    private static async Task RefusesAsync(LedgerEngine served)
    {
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => served.Engine.SubmitAsync(AnyRequest, Cancellation));
        Assert.Equal(RejectionReason.Unavailable, e.Reason);
        Assert.Equal(EngineState.Failed, served.Engine.Health.State);
        await served.Engine.DrainAsync(Cancellation);
    }
}
