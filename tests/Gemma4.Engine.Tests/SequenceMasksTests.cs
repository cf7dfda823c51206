using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tests.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Constraints that take their time, in a whole engine.</summary>
public sealed class SequenceMasksTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static GenerationRequest AnyRequest => LedgerEngine.Request([1, 2, 3], maxTokens: 6);

    [Theory]
    [InlineData(0, int.MaxValue)]
    [InlineData(3, int.MaxValue)]
    [InlineData(int.MaxValue, 2)]
    public async Task Constraint_that_blocks_delays_its_own_sequence_and_no_other(int masksFrom, int tokensFrom)
    {
        await using var served = new LedgerEngine();
        var constraint = new GatedConstraint { MasksComputedFrom = masksFrom, TokensComputedFrom = tokensFrom };
        GenerationRequest held = AnyRequest with { Constraint = constraint };
        await using GenerationStream stream = await served.Engine.SubmitAsync(held, Cancellation);
        Assert.True(await constraint.Reached.WaitAsync(Limit, Cancellation));

        for (int i = 0; i < 20; i++)
            Assert.Equal(served.Expected(AnyRequest), Tokens(await served.GenerateAsync(AnyRequest)));

        constraint.Gate.Set();
        List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);
        Assert.Equal(served.Expected(AnyRequest), Tokens(events));
        Assert.Equal(FinishReason.Length, events[^1].FinishReason);
    }

    [Fact]
    public async Task Prompt_is_computed_while_its_first_mask_is_made()
    {
        int computed = 0;
        var promptDone = new TaskCompletionSource();
        var options = new EngineOptions { MaxSequences = 2, MaxTokensPerStep = 8, BlockSize = 4, MaxContextLength = 256 };
        await using var served = new LedgerEngine(options, beforeStep: plan =>
        {
            foreach (ScheduledSequence scheduled in plan.Sequences)
            {
                if ((computed = scheduled.FirstPosition + scheduled.NumTokens) == 59)
                    promptDone.TrySetResult();
            }
        });
        var constraint = new GatedConstraint();
        GenerationRequest request = LedgerEngine.Request([.. Enumerable.Range(0, 60)], maxTokens: 5) with { Constraint = constraint };
        await using GenerationStream stream = await served.Engine.SubmitAsync(request, Cancellation);
        await promptDone.Task.WaitAsync(Limit, Cancellation);
        Assert.Equal(59, computed);
        constraint.Gate.Set();
        Assert.Equal(served.Expected(request), Tokens(await LedgerEngine.ReadAsync(stream)));
    }

    [Theory]
    [InlineData(AcceptResult.Complete, FinishReason.Stop)]
    [InlineData(AcceptResult.Loops, FinishReason.Length)]
    public async Task End_that_a_slow_constraint_asks_for_follows_the_token(AcceptResult last, FinishReason reason)
    {
        await using var served = new LedgerEngine();
        var constraint = new GatedConstraint { MasksComputedFrom = int.MaxValue, TokensComputedFrom = 2, Last = last };
        await using GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest with { Constraint = constraint }, Cancellation);
        await using IAsyncEnumerator<TokenEvent> events = stream.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        foreach (int token in served.Expected(AnyRequest)[..3])
        {
            Assert.True(await events.MoveNextAsync());
            Assert.Equal(((int?)token, null), (events.Current.TokenId, events.Current.FinishReason));
        }
        constraint.Gate.Set();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal((null, (FinishReason?)reason), (events.Current.TokenId, events.Current.FinishReason));
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task Constraint_that_is_complete_with_the_last_token_that_may_come_ends_its_sequence_with_stop()
    {
        await using var served = new LedgerEngine();
        var constraint = new GatedConstraint { MasksComputedFrom = int.MaxValue, TokensComputedFrom = 5, Last = AcceptResult.Complete };
        constraint.Gate.Set();
        List<TokenEvent> events = await served.GenerateAsync(AnyRequest with { Constraint = constraint });
        Assert.Equal(served.Expected(AnyRequest), Tokens(events));
        Assert.Equal(FinishReason.Stop, events[^1].FinishReason);
    }

    [Theory]
    [InlineData(0, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    [InlineData(int.MaxValue, 1)]
    public async Task Mask_past_its_budget_ends_its_own_sequence_and_says_so(int masksFrom, int tokensFrom)
    {
        await using var served = new LedgerEngine();
        var constraint = new GatedConstraint
        {
            MasksComputedFrom = masksFrom,
            TokensComputedFrom = tokensFrom,
            Fault = new ConstraintException("#/properties/host", "too complex"),
        };
        List<TokenEvent>[] results = await Task.WhenAll(
            served.GenerateAsync(AnyRequest with { Constraint = constraint }), served.GenerateAsync(AnyRequest));
        TokenEvent last = results[0][^1];
        Assert.Equal((FinishReason.Error, "too complex (at #/properties/host)"), (last.FinishReason!.Value, last.Error));
        Assert.Equal((RejectionReason.InvalidRequest, "constraint_too_complex"), (last.Rejection!.Reason, last.Rejection.Code));
        Assert.Equal(served.Expected(AnyRequest)[..(results[0].Count - 1)], Tokens(results[0]));
        Assert.Equal(served.Expected(AnyRequest), Tokens(results[1]));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Sequence_aborted_while_its_mask_is_made_ends_at_once()
    {
        await using var served = new LedgerEngine();
        var constraint = new GatedConstraint { MasksComputedFrom = 1 };
        GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest with { Constraint = constraint }, Cancellation);
        Assert.True(await constraint.Reached.WaitAsync(Limit, Cancellation));
        stream.Abort(0);
        Assert.Equal(FinishReason.Aborted, (await LedgerEngine.ReadAsync(stream))[^1].FinishReason);
        constraint.Gate.Set();
        Assert.Equal(served.Expected(AnyRequest), Tokens(await served.GenerateAsync(AnyRequest)));
        await served.Engine.DrainAsync(Cancellation);
    }

    [Fact]
    public async Task Sequences_of_one_request_wait_for_their_own_masks_only()
    {
        await using var served = new LedgerEngine();
        var source = new FirstIsGated();
        await using GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest with { NumSequences = 3, Constraint = source }, Cancellation);
        await using IAsyncEnumerator<TokenEvent> events = stream.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        int ended = 0;
        while (ended < 2)
        {
            Assert.True(await events.MoveNextAsync());
            Assert.NotEqual(0, events.Current.SequenceIndex);
            ended += events.Current.FinishReason is null ? 0 : 1;
        }
        source.Gated.Gate.Set();
        while (await events.MoveNextAsync())
            Assert.Equal(0, events.Current.SequenceIndex);
    }

    [Fact]
    public async Task Engine_stops_while_masks_are_made()
    {
        var served = new LedgerEngine();
        var constraint = new GatedConstraint { MasksComputedFrom = 1 };
        GenerationStream stream = await served.Engine.SubmitAsync(AnyRequest with { Constraint = constraint }, Cancellation);
        Assert.True(await constraint.Reached.WaitAsync(Limit, Cancellation));
        await served.DisposeAsync();
        Assert.Equal(FinishReason.Aborted, (await LedgerEngine.ReadAsync(stream))[^1].FinishReason);
        Assert.True(served.Runner.IsDisposed);
        constraint.Gate.Set();
    }

    /// <summary>Little memory, so that sequences preempt each other, and constraints that compute at random, on real threads.</summary>
    [Fact]
    public async Task Masks_made_on_other_threads_give_the_same_tokens_as_masks_made_at_once()
    {
        var options = new EngineOptions { MaxSequences = 6, MaxTokensPerStep = 24, BlockSize = 4, MaxContextLength = 80 };
        await using var served = new LedgerEngine(options, numBlocks: (30, 30));
        var random = new Random(5);
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => OneAsync(i, new Random(random.Next()))));

        async Task OneAsync(int number, Random own)
        {
            var coin = new Random(number);
            bool Computes()
            {
                lock (coin)
                    return coin.Next(2) == 0;
            }
            GenerationRequest request = LedgerEngine.Request([.. Enumerable.Range(own.Next(5), own.Next(1, 40))], own.Next(1, 40)) with
            {
                Id = $"{number}",
                NumSequences = own.Next(4) == 0 ? 3 : 1,
                StopTokenIds = [own.Next(97)],
                Constraint = new TraceConstraint(97, own.Next(1, 60), Computes),
            };
            await using GenerationStream stream = await served.Engine.SubmitAsync(request, Cancellation);
            if (own.Next(6) == 0)
            {
                await Task.Delay(own.Next(10), Cancellation);
                stream.Abort(0);
            }
            List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);
            int[] tokens = [.. events.Where(e => e.SequenceIndex == 0 && e.TokenId is not null).Select(e => e.TokenId!.Value)];
            List<int> alone = served.Expected(request);
            bool isAborted = events.Last(e => e.SequenceIndex == 0).FinishReason == FinishReason.Aborted;
            Assert.Equal(isAborted ? alone[..tokens.Length] : alone, tokens);
        }
    }

    private static IEnumerable<int> Tokens(List<TokenEvent> events) => events.Where(e => e.TokenId is not null).Select(e => e.TokenId!.Value);

    private sealed class FirstIsGated : ITokenConstraintSource
    {
        private int _created;

        public GatedConstraint Gated { get; } = new();

        public ITokenConstraint Create() => _created++ == 0 ? Gated : new GatedConstraint { MasksComputedFrom = int.MaxValue };
    }
}
