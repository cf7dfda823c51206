using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

public sealed class SchedulerAllocationTests
{
    private const int NumSequences = 32;
    private const int NumSteps = 400;

    [Fact]
    public void Steady_steps_allocate_nothing_but_the_room_their_tokens_need()
    {
        var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1), new KvGroupSpec(64, 1)], [2400, 400]);
        var limits = new SchedulerLimits(NumSequences, 512, 280, 2048, MediaIsBidirectional: false);
        var scheduler = new Scheduler(new KvCacheManager(plan), limits);
        var factory = new SequenceFactory(plan, limits, sharesPrefixes: true);
        for (int i = 0; i < NumSequences; i++)
        {
            ImmutableArray<int> prompt = [i, .. Enumerable.Range(0, 99)];
            scheduler.Add(factory.Create(new GenerationRequest { Id = "", PromptTokenIds = prompt, Sampling = new SamplingParams() }, i, 0)[0]);
        }
        var tokens = new GivenTokens(NumSequences);
        for (int step = 0; step < 100; step++)
            Step(scheduler, tokens, step);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < NumSteps; step++)
            Step(scheduler, tokens, step);
        long perStep = (GC.GetAllocatedBytesForCurrentThread() - before) / NumSteps;

        Assert.Equal(NumSequences, scheduler.NumRunning);
        // Token lists and block tables double now and then: at most two ints and two hashes a token in the long run.
        Assert.InRange(perStep, 0, NumSequences * 24);
    }

    private static void Step(Scheduler scheduler, GivenTokens tokens, int step)
    {
        StepPlan plan = scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches);
        scheduler.Commit(plan, tokens.Of(plan, step));
    }
}
