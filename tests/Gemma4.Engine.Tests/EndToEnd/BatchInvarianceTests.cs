using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>Real models, everything mixed: chunks beside next tokens, shared prefixes, moving windows, preemption. The answer is as alone.</summary>
public sealed class BatchInvarianceTests
{
    private readonly FaultLog _log = new();

    private const int MaxContextLength = 150;
    private const int NumRequests = 10;

    [Theory]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-e4b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-31b")]
    public async Task Greedy_tokens_in_a_crowded_engine_are_those_of_the_model_alone(string model)
    {
        GenerationRequest[] requests = Requests();
        List<int[]> alone = [];
        using var aloneMeters = new TestMeterFactory();
        var roomy = new EngineOptions { MaxSequences = 1, MaxTokensPerStep = 512, PrefixCache = false };
        await using (GemmaEngine engine = Load(model, aloneMeters, roomy, numTokens: 1024))
        {
            foreach (GenerationRequest request in requests)
                alone.Add(await GenerateAsync(engine, request));
        }

        using var meters = new TestMeterFactory();
        using var preemptions = new MetricCollector(meters, "gemma4.scheduler.preemptions");
        using var hits = new MetricCollector(meters, "gemma4.prefix_cache.hits");
        var crowded = new EngineOptions { MaxSequences = 6, MaxTokensPerStep = 24, BlockSize = 4, MaxContextLength = MaxContextLength };
        int[][] together;
        await using (GemmaEngine engine = Load(model, meters, crowded, numTokens: MaxContextLength + 30))
            together = await Task.WhenAll(requests.Select(r => GenerateAsync(engine, r)));

        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(alone[i], together[i]);
        Assert.True(preemptions.Sum > 0, "the crowd was to be too large for the cache");
        Assert.True(hits.Sum > 0, "the crowd was to share prefixes");
    }

    private GemmaEngine Load(string name, TestMeterFactory meters, EngineOptions options, int numTokens) =>
        TinyEngine.Load(name, meters, options, numTokens, _log);

    private static GenerationRequest[] Requests()
    {
        var random = new Random(5);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(100, 2048))];
        ImmutableArray<int> shared = [2, .. Tokens(50)];
        return [.. Enumerable.Range(0, NumRequests).Select(i => new GenerationRequest
        {
            Id = $"{i}",
            PromptTokenIds = i % 2 == 0 ? [.. shared, .. Tokens(random.Next(1, 40))] : [2, .. Tokens(random.Next(1, 90))],
            Sampling = new SamplingParams { Temperature = 0 },
            MaxTokens = random.Next(15, 40),
        })];
    }

    private async Task<int[]> GenerateAsync(GemmaEngine engine, GenerationRequest request)
    {
        await using GenerationStream stream = await engine.SubmitAsync(request, TestContext.Current.CancellationToken);
        List<TokenEvent> events = await LedgerEngine.ReadAsync(stream);
        Assert.Empty(_log.Faults);
        return [.. events.Select(e => e.TokenId!.Value)];
    }
}
