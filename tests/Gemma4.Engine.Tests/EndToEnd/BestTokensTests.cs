using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tests.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>Where libtorch selects the best tokens, a sequence gets the tokens that all logits on the host give it.</summary>
public sealed class BestTokensTests
{
    private readonly FaultLog _log = new();

    [Theory]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-26b-a4b")]
    public async Task Tokens_are_those_drawn_from_all_logits(string model)
    {
        using var meters = new TestMeterFactory();
        await using GemmaEngine engine = TinyEngine.Load(
            model, meters, new EngineOptions { MaxSequences = 4, MaxTokensPerStep = 64, PrefixCache = false }, 1024, _log, backend: "torch");
        SamplingParams[] sampling =
        [
            new() { Temperature = 0 },
            new() { TopK = 64, TopP = 0.95f, Seed = 3 },
            new() { Temperature = 3f, TopK = 200, MinP = 0.01f, Seed = 8 },
        ];
        foreach (SamplingParams p in sampling)
        {
            // One at a time: in company the order of sums may move a logit.
            int[] selected = await AnswerAsync(engine, p);
            Assert.Equal(await AnswerAsync(engine, p with { NumLogprobs = 0 }), selected);      // log-probabilities ask for all logits
            Assert.Equal(40, selected.Length);
        }
        Assert.Empty(_log.Faults);
    }

    private static async Task<int[]> AnswerAsync(GemmaEngine engine, SamplingParams sampling)
    {
        ImmutableArray<int> prompt = [2, .. Enumerable.Range(0, 30).Select(i => 100 + 37 * i % 1500)];
        var request = new GenerationRequest { Id = Guid.NewGuid().ToString("N"), PromptTokenIds = prompt, Sampling = sampling, MaxTokens = 40 };
        await using GenerationStream stream = await engine.SubmitAsync(request, TestContext.Current.CancellationToken);
        return [.. (await LedgerEngine.ReadAsync(stream)).Where(e => e.TokenId is not null).Select(e => e.TokenId!.Value)];
    }
}
