using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tests.Scheduling;
using Gemma4.Engine.Tests.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>Real models whose next tokens are guessed: tokens, log-probabilities and ends are, bit for bit, those of one token a step.</summary>
public sealed class DraftedTokensTests
{
    private const int MaxContextLength = 150, VocabularySize = 2048;

    private readonly FaultLog _log = new();

    [Theory]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-31b")]
    public async Task Answers_are_those_of_one_token_a_step(string model)
    {
        GenerationRequest[] requests = Requests(Schema(model));
        var roomy = new EngineOptions { MaxSequences = 2, MaxTokensPerStep = 512, PrefixCache = false };
        (List<List<TokenEvent>> expected, int numSteps) = await ServeAsync(model, roomy, 1024, requests, null, together: false);
        Assert.Contains(expected, events => events[^1].FinishReason == FinishReason.Error && events.Count > 2);
        Assert.Contains(expected, events => events[^1].FinishReason == FinishReason.Stop);
        var answers = new Dictionary<(string, int), int[]>();
        foreach ((GenerationRequest request, List<TokenEvent> events) in requests.Zip(expected))
        {
            for (int i = 0; i < request.NumSequences; i++)
                answers.Add((request.Id, i), [.. events.Where(e => e.SequenceIndex == i && e.TokenId is not null).Select(e => e.TokenId!.Value)]);
        }

        foreach (double rightness in (double[])[0, 0.8])
        {
            KnowingDrafter drafter = Drafter(rightness);
            (List<List<TokenEvent>> found, int numStepsWithDrafts) = await ServeAsync(model, roomy, 1024, requests, drafter, together: false);
            AssertSame(expected, found);
            Assert.True(drafter.NumDrafts > 100, $"{drafter.NumDrafts} drafts");
            Assert.InRange(numStepsWithDrafts, 1, rightness == 0 ? numSteps : 0.6 * numSteps);
        }
        // Chunks of prompts, little memory, drafts of which one in three is wrong.
        var crowded = new EngineOptions { MaxSequences = 6, MaxTokensPerStep = 48, BlockSize = 4, MaxContextLength = MaxContextLength };
        (List<List<TokenEvent>> crowd, _) = await ServeAsync(model, crowded, MaxContextLength + 60, requests, Drafter(0.67), together: true);
        AssertSame(expected, crowd);
        // More rows than logits are held of at once, so that runs go over from one lot to the next.
        var wide = new EngineOptions { MaxSequences = 12, MaxTokensPerStep = 512 };
        (crowd, _) = await ServeAsync(model, wide, 2048, requests, Drafter(0.95, maxDrafts: 16), together: true);
        AssertSame(expected, crowd);

        KnowingDrafter Drafter(double rightness, int maxDrafts = 5) =>
            new(s => answers[(s.Request.Id, s.Index)], rightness, VocabularySize) { MaxDrafts = maxDrafts };
    }

    private static ITokenConstraintSource Schema(string model) =>
        new ConstraintCompiler(Tokenizer.Load(Path.Combine(RepositoryPaths.Fixtures, "models", model, "tokenizer.json"))).Compiled(
            new ConstraintSpec.JsonSchema(JsonElement.Parse(
                """{"type":"array","items":{"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x","yz"]}},"required":["a","b"]}}""")));

    private async Task<(List<List<TokenEvent>> Events, int NumSteps)> ServeAsync(
        string model, EngineOptions options, int numTokens, GenerationRequest[] requests, IDrafter? drafter, bool together)
    {
        using var meters = new TestMeterFactory();
        using var steps = new MetricCollector(meters, "gemma4.step.duration");
        List<List<TokenEvent>> events = [];
        await using (GemmaEngine engine = TinyEngine.Load(model, meters, options, numTokens, _log, drafter))
        {
            List<Task<List<TokenEvent>>> tasks = [];
            foreach (GenerationRequest request in requests)
            {
                tasks.Add(GenerateAsync(engine, request));
                if (!together)
                    await tasks[^1];
            }
            events.AddRange(await Task.WhenAll(tasks));
        }
        Assert.Empty(_log.Faults);
        return (events, steps.Measurements.Length);
    }

    private static async Task<List<TokenEvent>> GenerateAsync(GemmaEngine engine, GenerationRequest request)
    {
        await using GenerationStream stream = await engine.SubmitAsync(request, TestContext.Current.CancellationToken);
        return await LedgerEngine.ReadAsync(stream);
    }

    private static void AssertSame(List<List<TokenEvent>> expected, List<List<TokenEvent>> found)
    {
        foreach ((List<TokenEvent> a, List<TokenEvent> b) in expected.Zip(found))
            Assert.Equal(Told(a), Told(b));

        static string[] Told(List<TokenEvent> events) => [.. events.OrderBy(e => e.SequenceIndex).Select(e =>
            $"{e.SequenceIndex}: {e.TokenId} {e.FinishReason} {e.Logprobs?.Logprob:R} {string.Join(' ', e.Logprobs?.Top ?? [])}")];
    }

    /// <summary>All that a token can depend on: seed, penalties, masks, minimum and bad words; the last kind comes to a token behind which none is left.</summary>
    private static GenerationRequest[] Requests(ITokenConstraintSource schema)
    {
        var random = new Random(11);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(100, VocabularySize))];
        ImmutableArray<int> few = [.. Tokens(8)];
        SamplingParams[] sampling =
        [
            new() { Temperature = 0 },
            new() { Temperature = 0.9f, TopK = 40, TopP = 0.95f, Seed = 3, NumLogprobs = 2 },
            new() { Temperature = 0, RepetitionPenalty = 1.3f, NumLogprobs = 0 },
            new() { Temperature = 1f, Seed = 9, PresencePenalty = 0.5f, FrequencyPenalty = 0.7f },
            new() { Temperature = 50f, Seed = 4, BadWords = [[.. Tokens(1)]], AllowedTokenIds = [.. Tokens(12)] },
            new() { Temperature = 50f, Seed = 1, AllowedTokenIds = few, BadWords = [.. few.Select(id => ImmutableArray.Create(few[0], id))] },
        ];
        return [.. Enumerable.Range(0, 2 * sampling.Length).Select(i => new GenerationRequest
        {
            Id = $"{i}",
            PromptTokenIds = [2, .. Tokens(random.Next(1, 60))],
            Sampling = sampling[i % sampling.Length],
            MaxTokens = random.Next(15, 40),
            NumSequences = i == 7 ? 2 : 1,
            StopTokenIds = i % sampling.Length == 4 ? [.. sampling[4].AllowedTokenIds[..4]] : [],
            MinTokens = i % sampling.Length == 4 ? 2 + i : 0,
            Constraint = i == 6 ? new TraceConstraint(VocabularySize, 25) : i is 3 or 7 ? schema : null,
        })];
    }
}
