using Gemma4.Engine.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Sequences of batches get what interactive ones leave.</summary>
public sealed class BatchTests
{
    [Fact]
    public void Interactive_sequences_are_served_first_whatever_the_priorities()
    {
        var world = new SchedulerWorld(maxSequences: 1);
        Sequence batch = world.Add(prompt: 5, maxTokens: 3, priority: -5, isBatch: true);
        Sequence late = world.Add(prompt: 5, maxTokens: 3, priority: 5);
        Assert.Equal([late, batch], world.OrderOfCompletion());
        world.AssertTokensAreThoseAlone(batch, late);
    }

    [Fact]
    public void An_interactive_sequence_takes_the_place_of_the_youngest_of_a_batch()
    {
        var world = new SchedulerWorld(maxSequences: 2);
        Sequence eldest = world.Add(prompt: 5, isBatch: true), youngest = world.Add(prompt: 5, isBatch: true);
        world.Step();
        Sequence interactive = world.Add(prompt: 5, maxTokens: 2);
        Assert.Equal([(interactive, 5), (eldest, 1)], world.Step());
        Assert.Equal(SequenceState.Waiting, youngest.State);
        Assert.Equal(0, world.Scheduler.NumPreemptions);     // those are told as a lack of memory, and nobody waits for a batch
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(eldest, youngest, interactive);
    }

    [Fact]
    public void It_takes_their_blocks_too()
    {
        var world = new SchedulerWorld(numBlocks: 20);
        Sequence first = world.Add(prompt: 32, maxTokens: 20, isBatch: true), second = world.Add(prompt: 30, maxTokens: 20, isBatch: true);
        world.Step();
        Sequence interactive = world.Add(prompt: 40, maxTokens: 2);
        Assert.Equal((interactive, 40), world.Step()[0]);
        Assert.Equal(SequenceState.Waiting, second.State);
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(first, second, interactive);
    }

    [Fact]
    public void None_of_a_batch_starts_while_an_interactive_sequence_waits()
    {
        var world = new SchedulerWorld(maxSequences: 2);
        Sequence[] interactive = [world.Add(prompt: 5, maxTokens: 4), world.Add(prompt: 5, maxTokens: 9), world.Add(prompt: 5, maxTokens: 9)];
        Sequence batch = world.Add(prompt: 5, isBatch: true);
        world.Step();
        Assert.Equal(SequenceState.Waiting, batch.State);
        Assert.Equal([interactive[0], interactive[1], interactive[2], batch], world.OrderOfCompletion());
    }

    [Fact]
    public void Beside_interactive_sequences_batches_get_the_tokens_of_their_budget_eldest_first()
    {
        var world = new SchedulerWorld { Batches = new BatchBudget(Beside: 2, Alone: int.MaxValue) };
        Sequence[] batch = [world.Add(prompt: 5, isBatch: true), world.Add(prompt: 5, isBatch: true), world.Add(prompt: 5, isBatch: true)];
        world.Step();
        Sequence interactive = world.Add(prompt: 5, maxTokens: 4);
        Assert.Equal([(interactive, 5), (batch[0], 1), (batch[1], 1)], world.Step());
        Assert.Equal([(interactive, 1), (batch[0], 1), (batch[1], 1)], world.Step());
        world.Batches = new BatchBudget(Beside: 0, Alone: int.MaxValue);
        Assert.Equal([(interactive, 1)], world.Step());
        Assert.False(world.Scheduler.HoldsBatches);
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone([interactive, .. batch]);
    }

    [Fact]
    public void Prompts_of_batches_are_read_by_their_budget()
    {
        var world = new SchedulerWorld { Batches = new BatchBudget(Beside: 3, Alone: int.MaxValue), Prompts = new PromptBudget(BesideText: 4, Alone: 64) };
        Sequence interactive = world.Add(prompt: 5, maxTokens: 3);
        Sequence batch = world.Add(prompt: 30, maxTokens: 3, isBatch: true);
        Assert.Equal([(interactive, 5), (batch, 3)], world.Step());
        Assert.Equal([(interactive, 1), (batch, 3)], world.Step());
        world.Step();
        Assert.Equal([(batch, 4)], world.Step());       // alone too in short steps: somebody may come
    }

    [Fact]
    public void Without_a_budget_batches_are_held_and_an_interactive_sequence_is_not()
    {
        var world = new SchedulerWorld { Batches = new BatchBudget(Beside: 0, Alone: 0) };
        Sequence batch = world.Add(prompt: 5, isBatch: true);
        Assert.Empty(world.Step());
        Assert.True(world.Scheduler.HoldsBatches);
        Sequence interactive = world.Add(prompt: 5, maxTokens: 2);
        Assert.Equal([(interactive, 5)], world.Step());
        Assert.False(world.Scheduler.HoldsBatches);
        world.Step();
        world.Batches = SchedulerWorld.UnlimitedBatches;
        Assert.Equal([(batch, 5)], world.Step());
    }

    [Fact]
    public void An_interactive_sequence_does_not_wait_for_a_prefix_that_a_batch_computes()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 10) { Batches = new BatchBudget(Beside: 0, Alone: int.MaxValue) };
        Sequence batch = world.AddRequest(world.Request([.. Enumerable.Range(0, 40)], maxTokens: 1, isBatch: true))[0];
        world.Step();
        Sequence interactive = world.AddRequest(world.Request([.. Enumerable.Range(0, 40)], maxTokens: 1))[0];
        Assert.Equal([(interactive, 10)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(batch, interactive);
    }
}
