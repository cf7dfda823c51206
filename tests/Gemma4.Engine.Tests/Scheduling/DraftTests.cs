using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Steps that verify guesses of next tokens.</summary>
public sealed class DraftTests
{
    [Fact]
    public void Right_guesses_come_with_the_next_token_and_a_wrong_one_costs_only_its_row()
    {
        foreach ((double rightness, int expected) in ((double, int)[])[(1, 1 + 5), (0, 1 + 1)])
        {
            var world = new SchedulerWorld(rightness: rightness, maxDrafts: 4);
            Sequence sequence = world.Add(prompt: 6, maxTokens: 20);
            Assert.Equal([(sequence, 6)], world.Step());
            Assert.Equal([(sequence, 5)], world.Step());
            Assert.Equal(expected, sequence.NumOutputTokens);
            Assert.Equal(6 + expected - 1, sequence.NumComputedTokens);
            world.OrderOfCompletion();
            world.AssertTokensAreThoseAlone(sequence);
        }
    }

    [Fact]
    public void Steps_become_fewer_as_guesses_become_better_and_tokens_stay()
    {
        int without = NumSteps(null);
        Assert.Equal(without, NumSteps(0));
        int half = NumSteps(0.5), most = NumSteps(0.9), all = NumSteps(1);
        Assert.True(without > half && half > most && most > all, $"{without}, {half}, {most}, {all} steps");
        Assert.InRange(all, 2, without / 4);
    }

    [Fact]
    public void Guesses_get_what_prompts_leave_of_a_step()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 8, rightness: 1);
        Sequence running = world.Add(prompt: 3, maxTokens: 60);
        world.Step();
        Sequence prompt = world.Add(prompt: 16);
        Assert.Equal([(running, 1), (prompt, 7)], world.Step());
        Assert.Equal([(running, 1), (prompt, 7)], world.Step());
        Assert.Equal([(running, 1 + 5), (prompt, 2)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(running, prompt);
    }

    [Fact]
    public void Guesses_get_what_next_tokens_leave_of_the_blocks_and_preempt_nobody()
    {
        // 6 blocks of 4: each sequence holds 3 with its 12 tokens, so that one position is left in each.
        var world = new SchedulerWorld(numBlocks: 6, rightness: 1);
        Sequence elder = world.Add(prompt: 10, maxTokens: 2), younger = world.Add(prompt: 10, maxTokens: 2);
        world.Step();
        Assert.Equal([(elder, 1), (younger, 1)], world.Step());
        Assert.Equal(0, world.Scheduler.NumPreemptions);
        world = new SchedulerWorld(numBlocks: 6, rightness: 1);
        (elder, younger) = (world.Add(prompt: 9, maxTokens: 6), world.Add(prompt: 9, maxTokens: 6));
        world.Step();
        Assert.Equal([(elder, 3), (younger, 3)], world.Step());
        Assert.Equal(0, world.Scheduler.NumPreemptions);
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(elder, younger);
    }

    [Fact]
    public void Blocks_of_wrong_guesses_are_given_back_and_never_found()
    {
        var world = new SchedulerWorld(rightness: 0);
        Sequence sequence = world.Add([1, 2, 3], maxTokens: 30);
        world.Step();
        Assert.Equal([(sequence, 17)], world.Step());
        Assert.Equal((4, 1), (sequence.NumComputedTokens, sequence.Kv.Tables[0].Count));
        // The prompt and what a wrong guess would have made of it: only right positions are shared.
        world.OrderOfCompletion();
        Sequence again = world.Add([.. sequence.TokenIds[..20]], maxTokens: 5);
        world.OrderOfCompletion();
        Assert.Equal(16, again.NumCachedTokens);
        world.AssertTokensAreThoseAlone(sequence, again);
    }

    [Fact]
    public void Limit_and_stop_token_end_a_run_where_they_end_a_single_token()
    {
        var world = new SchedulerWorld(rightness: 1);
        GenerationRequest request = world.Request([1, 2, 3], maxTokens: 12);
        List<int> unstopped = world.Model.Generate(request, 0, 12);
        ImmutableArray<int> stop = [unstopped[7]];
        Sequence limited = world.AddRequest(request)[0];
        Sequence stopped = world.AddRequest(request with { StopTokenIds = stop })[0];
        Sequence later = world.AddRequest(request with { StopTokenIds = stop, MinTokens = unstopped.IndexOf(stop[0]) + 1 })[0];
        world.OrderOfCompletion();
        Assert.Equal(12, limited.NumOutputTokens);
        Assert.Equal(unstopped.IndexOf(stop[0]) + 1, stopped.NumOutputTokens);
        world.AssertTokensAreThoseAlone(limited, stopped, later);
    }

    [Fact]
    public void Preempted_sequence_resumes_with_the_same_tokens()
    {
        foreach (double rightness in (double[])[0, 0.5, 1])
        {
            var world = new SchedulerWorld(numBlocks: 10, maxTokensPerStep: 40, rightness: rightness, maxDrafts: 3);
            Sequence elder = world.Add(prompt: 12, maxTokens: 26), younger = world.Add(prompt: 12, maxTokens: 26);
            world.OrderOfCompletion();
            Assert.True(world.Scheduler.NumPreemptions > 0);
            world.AssertTokensAreThoseAlone(elder, younger);
        }
    }

    [Fact]
    public void Run_that_the_plan_has_no_drafts_for_is_a_fault_of_the_runner()
    {
        var cache = new KvCachePlan(4, [new KvGroupSpec(null, 1)], [20]);
        var limits = new SchedulerLimits(2, 16, 10, 60, MediaIsBidirectional: false);
        var scheduler = new Scheduler(new KvCacheManager(cache), limits);
        var request = new GenerationRequest { Id = "", PromptTokenIds = [1, 2, 3], Sampling = new SamplingParams() };
        scheduler.Add(new SequenceFactory(cache, limits, sharesPrefixes: true).Create(request, 0, 0)[0]);
        StepPlan plan = scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches);
        SampledToken[] two = [new(5), new(6)];
        Assert.Throws<InvalidOperationException>(() => { scheduler.Commit(plan, new StepResult(new[] { new SampledRun(two) })); });
        Assert.Throws<InvalidOperationException>(() => { scheduler.Commit(plan, new StepResult(new SampledRun[1])); });
    }

    [Fact]
    public void Fault_behind_right_guesses_follows_their_tokens()
    {
        var world = new SchedulerWorld(rightness: 1, maxDrafts: 3);
        Sequence sequence = world.Add(prompt: 6, maxTokens: 20);
        world.Step();
        StepPlan plan = world.Scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches);
        SampledToken[] two = [new(sequence.DraftTokenIds[0]), new(sequence.DraftTokenIds[1])];
        SequenceOutput[] outputs = world.Scheduler.Commit(plan, new StepResult(new[] { new SampledRun(two, Fault: new InvalidOperationException()) })).ToArray();
        Assert.Equal([two[0].TokenId, two[1].TokenId, null], outputs.Select(o => o.Event.TokenId));
        Assert.Equal([null, null, FinishReason.Error], outputs.Select(o => o.Event.FinishReason));
        Assert.Equal(3, sequence.NumOutputTokens);
        Assert.Equal(0, world.Scheduler.NumRunning);
    }

    private static int NumSteps(double? rightness)
    {
        var world = new SchedulerWorld(maxTokensPerStep: 100, rightness: rightness, maxDrafts: 6);
        Sequence[] sequences = [.. Enumerable.Range(0, 6).Select(i => world.Add(prompt: 5 + i, maxTokens: 40))];
        int steps = 0;
        for (; world.Scheduler.TryPeek(out _); steps++)
            world.Step();
        world.AssertTokensAreThoseAlone(sequences);
        return steps;
    }
}
