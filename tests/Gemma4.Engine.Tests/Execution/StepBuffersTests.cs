using Gemma4.Engine.Backends;
using Gemma4.Engine.Execution;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Tests.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Execution;

public sealed class StepBuffersTests
{
    private static readonly KvCachePlan Cache = new(4, [new KvGroupSpec(null, 1), new KvGroupSpec(6, 1)], [100, 100]);
    private static readonly SchedulerLimits Limits = new(8, 64, 10, 200, MediaIsBidirectional: false);

    private readonly SequenceFactory _factory = new(Cache, Limits, sharesPrefixes: true, [new(1), new(2)]);

    [Fact]
    public void Rows_of_a_mixed_step_carry_the_adapter_their_request_names()
    {
        var scheduler = new Scheduler(new KvCacheManager(Cache), Limits, new FixedDrafts(50, 51));
        AdapterId?[] adapters = [new(1), null, new(2), new(2), new(1), null];
        for (int i = 0; i < adapters.Length; i++)
            scheduler.Add(Sequence(i, adapters[i]));
        var buffers = new StepBuffers(2, Cache.BlockSize, Limits.MaxTokensPerStep);

        StepPlan plan = scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches);
        StepInputs inputs = buffers.Fill(plan);      // prompts of 3, 4, 5, 6, 7 and 8 tokens
        Assert.Equal(33, inputs.NumTokens);
        Assert.Equal([new AdapterRows(1, 0, 3), new AdapterRows(2, 7, 11), new AdapterRows(1, 18, 7)], inputs.AdapterRows);

        scheduler.Commit(plan, new GivenTokens(8).Of(plan, 0));
        inputs = buffers.Fill(scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches));      // a next token and two drafts each
        Assert.Equal(18, inputs.NumTokens);
        Assert.Equal([new AdapterRows(1, 0, 3), new AdapterRows(2, 6, 6), new AdapterRows(1, 12, 3)], inputs.AdapterRows);
        Assert.Equal([0, 50, 51, 31, 50, 51], buffers.TokenIds[..6].ToArray());
        Assert.Equal([3, 4, 5, 4, 5, 6], inputs.Positions[..6].ToArray());
    }

    [Fact]
    public void No_row_is_listed_where_no_request_names_an_adapter()
    {
        var scheduler = new Scheduler(new KvCacheManager(Cache), Limits);
        scheduler.Add(Sequence(0, null));
        Assert.Empty(new StepBuffers(2, Cache.BlockSize, Limits.MaxTokensPerStep).Fill(scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches)).AdapterRows);
    }

    private Sequence Sequence(int index, AdapterId? adapter) => Assert.Single(_factory.Create(
        new GenerationRequest { Id = $"{index}", PromptTokenIds = [.. Enumerable.Range(index * 10, 3 + index)], Sampling = new SamplingParams(), Adapter = adapter }, index, 0));

    private sealed class FixedDrafts(params int[] drafts) : IDrafter
    {
        public int Draft(Sequence sequence, Span<int> tokenIds)
        {
            drafts.CopyTo(tokenIds);
            return drafts.Length;
        }
    }
}
