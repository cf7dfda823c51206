using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Xunit;

namespace Gemma4.Engine.Tests.Sampling;

public sealed class PenaltyCountsTests
{
    private const int VocabularySize = 40;

    public static TheoryData<float, float, float> Penalties => new()
    {
        { 1.5f, 0f, 0f }, { 1f, 0.4f, 0f }, { 1f, 0f, 0.3f }, { 1f, -0.4f, 0.3f }, { 0.7f, 0.2f, -0.1f },
    };

    [Theory]
    [MemberData(nameof(Penalties))]
    public void Counts_kept_from_step_to_step_penalise_as_a_recount_does(float repetition, float presence, float frequency)
    {
        var random = new Random(3);
        var processor = new LogitsProcessor(VocabularySize);
        var p = new SamplingParams { RepetitionPenalty = repetition, PresencePenalty = presence, FrequencyPenalty = frequency };
        for (int history = 0; history < 50; history++)
        {
            List<int> tokens = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(VocabularySize))];
            int numPrompt = tokens.Count;
            var counts = new PenaltyCounts(p, numPrompt);
            for (int step = 0; step < 40; step++)
            {
                float[] logits = [.. Enumerable.Range(0, VocabularySize).Select(_ => random.NextSingle() * 8 - 4)];
                float[] expected = Recount(logits, p, tokens, numPrompt);
                counts.CountTo([.. tokens]);
                var inputs = new SamplingInputs { Params = p, TokenIds = tokens.ToArray(), NumPromptTokens = numPrompt, Seed = 0, Counts = counts };
                processor.Apply(logits, inputs);
                Assert.Equal(expected, logits);
                for (int run = random.Next(1, 5); run > 0; run--)
                    tokens.Add(random.Next(VocabularySize));
            }
        }
    }

    [Fact]
    public void Memory_is_bounded_by_different_tokens()
    {
        var counts = new PenaltyCounts(new SamplingParams { RepetitionPenalty = 1.1f }, numPromptTokens: 2);
        counts.CountTo([5, 6, 5, 5, 7, 5, 7]);
        List<(int, int)> all = [];
        foreach ((int id, int numGenerated) in counts)
            all.Add((id, numGenerated));
        Assert.Equal([(5, 3), (6, 0), (7, 2)], all.Order());
    }

    /// <summary>Keskar et al. 2019, section 4.1, over prompt and output; presence and frequency as OpenAI defines them, over the output.</summary>
    private static float[] Recount(float[] logits, SamplingParams p, List<int> tokens, int numPrompt)
    {
        float[] penalised = [.. logits];
        foreach (int id in tokens.Distinct().Where(_ => p.RepetitionPenalty != 1f))
            penalised[id] = penalised[id] > 0 ? penalised[id] / p.RepetitionPenalty : penalised[id] * p.RepetitionPenalty;
        foreach (IGrouping<int, int> same in tokens.Skip(numPrompt).GroupBy(id => id))
            penalised[same.Key] -= p.PresencePenalty + p.FrequencyPenalty * same.Count();
        return penalised;
    }
}
