using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Models;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Execution;

/// <summary>What a step of the runner allocates on the managed heap, held to <c>bench/allocations.json</c>.</summary>
/// <remarks>One thread, so that all of it is counted; alone, since other tests' work is not.</remarks>
[Collection("alone")]
public sealed class StepAllocationTests
{
    private const int NumSequences = 8, WarmUp = 40, Measured = 60;

    [Theory]
    [InlineData("a decode step of tiny-e2b, eight sequences", "tiny-e2b", "none", 0)]
    [InlineData("a decode step of tiny-26b-a4b, eight sequences", "tiny-26b-a4b", "none", 0)]
    [InlineData("a decode step of tiny-e2b in 4 bits, eight sequences", "tiny-e2b", "int4", 0)]
    [InlineData("a decode step of tiny-e2b, eight sequences with ten drafts each", "tiny-e2b", "none", 10)]
    public void A_step_stays_within_its_budget(string what, string name, string quantization, int numDrafts)
    {
        using JsonDocument budgets = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.Root, "bench", "allocations.json")));
        long budget = budgets.RootElement.GetProperty(what).GetInt64(), found = BytesOfAStep(name, quantization, numDrafts);
        Assert.True(found <= budget, $"{what}: {found} bytes, budget {budget}");
    }

    private static long BytesOfAStep(string name, string quantization, int numDrafts)
    {
        Gemma4Model model = Checkpoint.Open(Path.Combine(RepositoryPaths.Fixtures, "models", name))
            .LoadModel(new ComputeOptions { Device = "cpu", Threads = 1, Quantization = quantization });
        ImmutableArray<KvGroupSpec> groups = KvMemory.Groups(model.Config.Text, model.KvLayers, model.Backend.KvFormat);
        var cache = new KvCachePlan(16, groups, [.. groups.Select(_ => 128)]);
        var limits = new SchedulerLimits(NumSequences, 256, 280, 512, MediaIsBidirectional: false);
        using var runner = new ModelRunner(
            model, cache.NumBlocks, cache.BlockSize, 256, NumSequences, new EncoderLimits(0.5, 280, 1 << 20), TimeProvider.System);
        var guesses = new KnowingDrafter(_ => [], rightness: 0, model.Config.Text.VocabSize) { MaxDrafts = numDrafts };
        var scheduler = new Scheduler(new KvCacheManager(cache), limits, numDrafts > 0 ? guesses : null);
        var factory = new SequenceFactory(cache, limits, sharesPrefixes: false);
        for (int i = 0; i < NumSequences; i++)
            scheduler.Add(factory.Create(Request(i), i, 0)[0]);
        var bytes = new List<long>();
        for (int step = 0; step < WarmUp + Measured; step++)
        {
            StepPlan plan = scheduler.Schedule(new PromptBudget(256, 256), new BatchBudget(int.MaxValue, int.MaxValue));
            Assert.Equal(NumSequences, plan.Sequences.Length);
            Assert.True(step == 0 || plan.NumTokens == NumSequences * (1 + numDrafts));
            long before = GC.GetAllocatedBytesForCurrentThread();
            StepResult result = runner.Execute(plan);
            if (step >= WarmUp)
                bytes.Add(GC.GetAllocatedBytesForCurrentThread() - before);
            scheduler.Commit(plan, result);
        }
        // The median: now and then a list grows with the answers, which is no cost of a step.
        return bytes.Order().ElementAt(Measured / 2);
    }

    private static GenerationRequest Request(int i) => new()
    {
        Id = $"{i}",
        PromptTokenIds = [.. Enumerable.Range(0, 20).Select(t => 100 + (i * 37 + t * 13) % 1800)],
        Sampling = new SamplingParams { Temperature = i % 2 == 0 ? 0 : 0.8f, TopK = 40, TopP = 0.95f, FrequencyPenalty = i == 3 ? 0.1f : 0 },
        MaxTokens = 200,
    };
}
