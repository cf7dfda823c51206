using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>What the scheduler plans while a sequence's mask is not there.</summary>
public sealed class MaskWaitTests
{
    [Fact]
    public void Sequence_that_waits_for_its_mask_is_not_planned_and_the_others_are()
    {
        var world = new SchedulerWorld();
        Sequence slow = world.Add(prompt: 3), other = world.Add(prompt: 3);
        world.Step();
        slow.IsWaitingForMask = true;
        Assert.Equal([(other, 1)], world.Step());
        Assert.Equal([(other, 1)], world.Step());
        slow.IsWaitingForMask = false;
        Assert.Equal([(slow, 1), (other, 1)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(slow, other);
    }

    [Fact]
    public void Prompt_is_computed_up_to_the_token_that_is_sampled_from()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 8);
        Sequence slow = world.Add(prompt: 12);
        slow.IsWaitingForMask = true;
        Assert.Equal([(slow, 8)], world.Step());
        Assert.Equal([(slow, 3)], world.Step());
        Assert.Empty(world.Step());
        slow.IsWaitingForMask = false;
        Assert.Equal([(slow, 1)], world.Step());
        Assert.Equal(1, slow.NumOutputTokens);
    }

    [Fact]
    public void Image_that_must_stay_whole_waits_with_the_token_that_is_sampled_from()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 20, bidirectional: true);
        Sequence slow = Assert.Single(world.AddRequest(world.Request([.. Enumerable.Range(0, 12)], maxTokens: 2) with
        {
            Media = [new MediaItem.Image(4, 8, 1, default, 1)],
        }));
        slow.IsWaitingForMask = true;
        Assert.Equal([(slow, 4)], world.Step());
        Assert.Empty(world.Step());
        slow.IsWaitingForMask = false;
        Assert.Equal([(slow, 8)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(slow);
    }

    [Fact]
    public void Waiting_sequence_that_lacks_its_mask_alone_does_not_hold_up_those_behind_it()
    {
        var world = new SchedulerWorld();
        Sequence slow = world.Add([7], maxTokens: 2);
        Sequence behind = world.Add([8, 9], maxTokens: 2);
        slow.IsWaitingForMask = true;
        Assert.Equal([(behind, 2)], world.Step());
        slow.IsWaitingForMask = false;
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(slow, behind);
    }

    [Fact]
    public void Prefix_that_another_computes_only_with_its_mask_is_not_waited_for()
    {
        var world = new SchedulerWorld();
        ImmutableArray<int> shared = [.. Enumerable.Range(0, 16)];
        Sequence slow = world.Add(shared, maxTokens: 2);
        slow.IsWaitingForMask = true;
        Assert.Equal([(slow, 15)], world.Step());
        Sequence longer = world.Add([.. shared, 50, 51], maxTokens: 2);
        // Three blocks are there; the fourth ends with the token that lacks its mask.
        Assert.Equal([(longer, 6)], world.Step());
    }

    [Fact]
    public void Wait_for_a_prefix_ends_when_it_would_become_a_wait_for_a_mask()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 8);
        ImmutableArray<int> shared = [.. Enumerable.Range(0, 16)];
        Sequence first = world.Add(shared, maxTokens: 2);
        Sequence second = world.Add([.. shared, 50, 51], maxTokens: 2);
        Assert.Equal([(first, 8)], world.Step());
        first.IsWaitingForMask = true;
        Assert.Equal([(first, 7)], world.Step());
        Assert.Equal([(second, 6)], world.Step());
    }

    [Fact]
    public void Sequence_that_waits_for_its_mask_is_preempted_and_resumes_with_the_same_tokens()
    {
        var world = new SchedulerWorld(numBlocks: 10, maxTokensPerStep: 40);
        Sequence elder = world.Add(prompt: 12, maxTokens: 18), younger = world.Add(prompt: 20, maxTokens: 10);
        world.Step();
        younger.IsWaitingForMask = true;
        while (elder.NumOutputTokens < 17)
            world.Step();
        Assert.True(world.Scheduler.NumPreemptions > 0);
        younger.IsWaitingForMask = false;
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(elder, younger);
    }
}
