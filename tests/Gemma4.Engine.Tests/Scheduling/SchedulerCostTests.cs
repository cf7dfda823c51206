using System.Diagnostics;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Measures what scheduling costs beside a model that costs nothing. Run by hand; the figures are in docs/kv-cache.md.</summary>
public sealed class SchedulerCostTests
{
    private const int NumRequests = 400;
    private const int NumPromptTokens = 512;
    private const int NumOutputTokens = 128;

    [Fact(Explicit = true)]
    public void Cost_of_a_token_with_and_without_prefix_cache_when_nothing_is_ever_found()
    {
        Measure(sharesPrefixes: true);
        Measure(sharesPrefixes: false);
        double with = Enumerable.Range(0, 7).Select(_ => Measure(sharesPrefixes: true)).Min();
        double without = Enumerable.Range(0, 7).Select(_ => Measure(sharesPrefixes: false)).Min();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"nanoseconds a token: {with:F0} with prefix cache, {without:F0} without; "
            + $"the difference is 1 % of a model of {0.01e9 / (with - without):F0} tokens/s");
    }

    private static double Measure(bool sharesPrefixes)
    {
        var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1), new KvGroupSpec(512, 1)], [4096, 4096]);
        var limits = new SchedulerLimits(64, 2048, 280, 2048, MediaIsBidirectional: false);
        var scheduler = new Scheduler(new KvCacheManager(plan), limits);
        var factory = new SequenceFactory(plan, limits, sharesPrefixes);
        GenerationRequest[] requests = [.. Enumerable.Range(0, NumRequests).Select(i => new GenerationRequest
        {
            Id = "",
            PromptTokenIds = [i, .. Enumerable.Range(0, NumPromptTokens - 1)],
            Sampling = new SamplingParams(),
            MaxTokens = NumOutputTokens,
        })];
        var tokens = new GivenTokens(limits.MaxSequences);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < requests.Length; i++)
            scheduler.Add(factory.Create(requests[i], i, 0)[0]);
        for (int step = 0; scheduler.TryPeek(out _); step++)
        {
            StepPlan stepPlan = scheduler.Schedule(SchedulerWorld.UnlimitedPrompts, SchedulerWorld.UnlimitedBatches);
            scheduler.Commit(stepPlan, tokens.Of(stepPlan, step));
        }
        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / (NumRequests * (NumPromptTokens + NumOutputTokens));
    }
}
