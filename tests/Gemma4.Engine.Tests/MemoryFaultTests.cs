using System.Runtime.InteropServices;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Steps for which memory is short: the largest sequence ends, and nothing changes for the others.</summary>
public sealed class MemoryFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Exception, bool> Faults => new()
    {
        { new OutOfMemoryException(), true },
        { new AggregateException(new InvalidOperationException("x"), new OutOfMemoryException()), true },
        { new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB"), true },
        { new ExternalException("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."), true },
        { new ExternalException("shape mismatch"), false },
        { new InvalidOperationException("out of memory"), false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Shortage_is_told_by_type_or_by_the_allocators_words(Exception fault, bool expected) => Assert.Equal(expected, MemoryFault.Is(fault));

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public async Task Largest_sequence_ends_and_the_others_get_the_same_tokens(double? rightness)
    {
        var gate = new StepGate();
        GenerationRequest small = LedgerEngine.Request([1, 2, 3], maxTokens: 30), other = LedgerEngine.Request([4, 5, 6, 7], maxTokens: 30);
        GenerationRequest large = LedgerEngine.Request([.. Enumerable.Range(0, 60)], maxTokens: 30) with { Id = "large" };
        bool isShort = false;
        int numShort = 0;
        await using var served = new LedgerEngine(rightness: rightness, beforeStep: plan =>
        {
            gate.BeforeStep(plan);
            // Once all three share a step, whatever holds the large one is too much.
            isShort |= plan.Sequences.Length == 3;
            if (isShort && Holds(plan, "large"))
            {
                numShort++;
                throw new OutOfMemoryException("injected");
            }
        });
        await using GenerationStream first = await served.Engine.SubmitAsync(small, Cancellation);
        await using GenerationStream second = await served.Engine.SubmitAsync(other, Cancellation);
        await using GenerationStream third = await served.Engine.SubmitAsync(large, Cancellation);
        gate.Open();

        TokenEvent end = (await LedgerEngine.ReadAsync(third))[^1];
        Assert.Equal((FinishReason.Error, SequenceProgress.OutOfMemoryMessage), (end.FinishReason!.Value, end.Error));
        Assert.Equal(served.Expected(small), (await LedgerEngine.ReadAsync(first)).Select(e => e.TokenId!.Value));
        Assert.Equal(served.Expected(other), (await LedgerEngine.ReadAsync(second)).Select(e => e.TokenId!.Value));
        Assert.Equal(1, numShort);
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
        Assert.IsType<OutOfMemoryException>(Assert.Single(served.Log.Faults));
    }

    [Fact]
    public async Task Each_step_without_memory_ends_one_sequence_and_none_of_them_counts_as_a_fault()
    {
        var gate = new StepGate();
        var options = new EngineOptions { MaxSequences = 8, MaxTokensPerStep = 64, BlockSize = 4, MaxContextLength = 256, MaxConsecutiveFaults = 2 };
        await using var served = new LedgerEngine(options, beforeStep: plan =>
        {
            gate.BeforeStep(plan);
            if (plan.Sequences.Length > 1)
                throw new OutOfMemoryException("injected");
        });
        // The first step has one of them: the others share its beginning no further than a block.
        GenerationStream[] streams = new GenerationStream[5];
        for (int i = 0; i < streams.Length; i++)
            streams[i] = await served.Engine.SubmitAsync(Numbered(i), Cancellation);
        gate.Open();
        List<TokenEvent>[] answers = await Task.WhenAll(streams.Select(LedgerEngine.ReadAsync));

        int whole = Array.FindIndex(answers, answer => answer[^1].FinishReason != FinishReason.Error);
        Assert.Equal(4, answers.Count(answer => answer[^1].FinishReason == FinishReason.Error));
        Assert.Equal(served.Expected(Numbered(whole)), answers[whole].Select(e => e.TokenId!.Value));
        Assert.Equal(EngineState.Ready, served.Engine.Health.State);
    }

    [Fact]
    public async Task Steps_of_one_sequence_that_find_no_memory_make_the_engine_fail_like_any_fault()
    {
        await using var served = new LedgerEngine(beforeStep: _ => throw new OutOfMemoryException("injected"));
        for (int i = 0; i < 3; i++)
            Assert.Equal(FinishReason.Error, (await served.GenerateAsync(Numbered(0)))[^1].FinishReason);
        Assert.Equal(EngineState.Failed, served.Engine.Health.State);
    }

    private static GenerationRequest Numbered(int i) => LedgerEngine.Request([10 * i, 1, 2], maxTokens: 6 + i) with { Id = $"{i}" };

    private static bool Holds(StepPlan plan, string id)
    {
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (scheduled.Sequence.Request.Id == id)
                return true;
        }
        return false;
    }
}
