using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Xunit;

namespace Gemma4.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [1f, 3f, 2f, -1f, 2.5f, 0f, -2f, 1.5f];

    [Fact]
    public void Temperature_zero_takes_the_best_token_and_the_lowest_id_among_equals()
    {
        Assert.Equal(1, Next(Logits, new SamplingParams { Temperature = 0 }));
        Assert.Equal(2, Next([0, 1, 7, 7], new SamplingParams { Temperature = 0 }));
    }

    public static TheoryData<string, SamplingParams, double[]> Distributions()
    {
        double[] softmax = Softmax(Logits, 1);
        return new()
        {
            { "plain", new SamplingParams(), softmax },
            { "temperature 0.5", new SamplingParams { Temperature = 0.5f }, Softmax(Logits, 0.5) },
            { "temperature 2", new SamplingParams { Temperature = 2f }, Softmax(Logits, 2) },
            { "top-k 3", new SamplingParams { TopK = 3 }, Keep(softmax, 1, 4, 2) },
            { "top-k above V", new SamplingParams { TopK = 1000 }, softmax },
            { "top-p", new SamplingParams { TopP = 0.7f }, Keep(softmax, 1, 4, 2) },
            { "top-p 0", new SamplingParams { TopP = 0f }, Keep(softmax, 1) },
            { "top-k then top-p", new SamplingParams { TopK = 2, TopP = 0.6f }, Keep(softmax, 1) },
            { "min-p", new SamplingParams { MinP = 0.3f }, Keep(softmax, 1, 4, 2) },
            { "bias", new SamplingParams { LogitBias = Bias((3, 4f)) }, Softmax([1f, 3f, 2f, 3f, 2.5f, 0f, -2f, 1.5f], 1) },
            { "allowed", new SamplingParams { AllowedTokenIds = [5, 0] }, Keep(softmax, 0, 5) },
            { "suppressed", new SamplingParams { SuppressedTokenIds = [1, 4] }, Keep(softmax, 0, 2, 3, 5, 6, 7) },
        };
    }

    /// <summary>Pearson's test against the promised distribution; the seed is fixed, so this holds always or never.</summary>
    [Theory]
    [MemberData(nameof(Distributions))]
    public void Samples_follow_the_promised_distribution(string name, SamplingParams p, double[] expected)
    {
        const int draws = 40_000;
        int[] counts = new int[Logits.Length];
        for (ulong seed = 0; seed < draws; seed++)
            counts[Next(Logits, p, seed)]++;
        double chiSquare = 0;
        for (int id = 0; id < counts.Length; id++)
        {
            if (expected[id] == 0)
                Assert.True(counts[id] == 0, $"{name}: token {id} must never be drawn");
            else
                chiSquare += Math.Pow(counts[id] - draws * expected[id], 2) / (draws * expected[id]);
        }
        Assert.True(chiSquare < 24.3, $"{name}: chi-square {chiSquare:F1} exceeds the 99.9 % quantile of seven degrees of freedom");
    }

    [Fact]
    public void Every_step_of_one_seed_draws_afresh()
    {
        const int draws = 20_000;
        int[] counts = new int[Logits.Length];
        int[] tokens = new int[draws];
        for (int step = 0; step < draws; step++)
            counts[Next(Logits, new SamplingParams(), seed: 7, tokens: tokens.AsSpan(0, step + 1))]++;
        double[] expected = Softmax(Logits, 1);
        for (int id = 0; id < counts.Length; id++)
            Assert.InRange(counts[id] / (double)draws, expected[id] - 0.015, expected[id] + 0.015);
    }

    [Fact]
    public void The_same_seed_and_step_draw_the_same_token()
    {
        for (ulong seed = 0; seed < 50; seed++)
            Assert.Equal(Next(Logits, new SamplingParams(), seed), Next(Logits, new SamplingParams(), seed));
    }

    [Fact]
    public void Top_p_without_top_k_selects_beyond_its_first_guess()
    {
        float[] flat = new float[5000];
        var seen = new HashSet<int>();
        for (ulong seed = 0; seed < 20_000; seed++)
            seen.Add(Next(flat, new SamplingParams { TopP = 0.5f }, seed));
        Assert.All(seen, id => Assert.InRange(id, 0, 2500));
        Assert.True(seen.Count > 2400, $"{seen.Count} of about 2500 equal tokens were seen");
    }

    [Fact]
    public void Presence_and_frequency_penalties_count_output_tokens_only()
    {
        var p = new SamplingParams { Temperature = 0, PresencePenalty = 0.2f, FrequencyPenalty = 0.2f };
        Assert.Equal(1, Next(Logits, p, tokens: [1, 1, 1, 1], promptLength: 4));
        Assert.Equal(1, Next(Logits, p, tokens: [0, 1], promptLength: 1));        // 3 − 0.4 = 2.6 stays above 2.5
        Assert.Equal(4, Next(Logits, p, tokens: [0, 1, 1], promptLength: 1));     // 3 − 0.6 = 2.4 falls below 2.5
    }

    [Fact]
    public void Repetition_penalty_counts_the_prompt_and_pushes_negative_logits_down()
    {
        var p = new SamplingParams { Temperature = 0, RepetitionPenalty = 2f };
        Assert.Equal(4, Next(Logits, p, tokens: [1, 0], promptLength: 2));
        Assert.Equal(1, Next([-1f, -1.5f], p, tokens: [0], promptLength: 1));
    }

    [Fact]
    public void Bad_words_are_forbidden_only_where_they_would_be_completed()
    {
        var p = new SamplingParams { Temperature = 0, BadWords = [[5, 1], [4]] };
        Assert.Equal(1, Next(Logits, p, tokens: [0], promptLength: 1));
        Assert.Equal(2, Next(Logits, p, tokens: [5], promptLength: 1));
    }

    [Fact]
    public void Only_tokens_of_the_mask_are_chosen()
    {
        var inputs = new SamplingInputs { Params = new SamplingParams(), TokenIds = [0], NumPromptTokens = 1, Seed = 1, Mask = [1u << 6] };
        Assert.Equal(6, new Sampler(Logits.Length).Sample(Logits, inputs, out _));
    }

    [Fact]
    public void Logprobs_are_those_of_the_model_whatever_the_parameters_change()
    {
        var inputs = new SamplingInputs
        {
            Params = new SamplingParams { NumLogprobs = 3, Temperature = 0.1f, LogitBias = Bias((3, 100f)) },
            TokenIds = [0],
            NumPromptTokens = 1,
            Seed = 1,
        };
        Assert.Equal(3, new Sampler(Logits.Length).Sample(Logits, inputs, out TokenLogprobs? logprobs));
        double[] softmax = Softmax(Logits, 1);
        Assert.Equal(Math.Log(softmax[3]), logprobs!.Logprob, 1e-5);
        Assert.Equal([1, 4, 2], logprobs.Top.Select(t => t.TokenId));
        Assert.All(logprobs.Top, t => Assert.Equal(Math.Log(softmax[t.TokenId]), t.Logprob, 1e-5));
    }

    [Fact]
    public void Logits_that_are_not_numbers_or_give_no_token_a_chance_are_errors()
    {
        Assert.Contains("not a number", Assert.Throws<InvalidOperationException>(() => Next([1, float.NaN], new SamplingParams())).Message);
        Assert.Throws<InvalidOperationException>(() => Next([float.NegativeInfinity, float.NegativeInfinity], new SamplingParams()));
    }

    [Fact]
    public void The_input_logits_stay_untouched()
    {
        float[] logits = [.. Logits];
        Next(logits, new SamplingParams { LogitBias = Bias((0, 5f)), TopP = 0.5f, NumLogprobs = 2 });
        Assert.Equal(Logits, logits);
    }

    public static TheoryData<SamplingParams> EnoughWithBest() => new(
        new SamplingParams { Temperature = 0 }, new SamplingParams { TopK = 1 }, new SamplingParams { TopK = 64, TopP = 0.95f }, new SamplingParams { TopK = 20, TopP = 0f },
        new SamplingParams { TopK = 40, TopP = 0.9f, MinP = 0.02f, Temperature = 0.7f }, new SamplingParams { TopK = 256, Temperature = 1.7f });

    /// <summary>Logits rounded coarsely, so that many are equal, some of which may not be chosen.</summary>
    [Theory]
    [MemberData(nameof(EnoughWithBest))]
    public void The_best_tokens_alone_give_the_token_that_all_of_them_give(SamplingParams p)
    {
        var random = new Random(5);
        var sampler = new Sampler(3000);
        int[] ids = new int[Sampler.NumBestNeeded(p)];
        for (ulong seed = 0; seed < 300; seed++)
        {
            float[] logits = [.. Enumerable.Range(0, 3000).Select(_ => random.Next(seed % 3 == 0 ? 1000 : 10) == 0 ? (float)Math.Round(random.NextDouble() * 12 - 6, 1) : float.NegativeInfinity)];
            logits[random.Next(3000)] = 0;
            var inputs = new SamplingInputs { Params = p, TokenIds = [], NumPromptTokens = 0, Seed = seed };
            int count = TopTokens.Select(logits, ids.Length, ids);
            int[] best = [.. ids[..count], .. Enumerable.Range(0, 3000).Where(id => float.IsNegativeInfinity(logits[id])).Take(ids.Length - count)];
            Assert.Equal(sampler.Sample(logits, inputs, out _), sampler.SampleBest(best, [.. best.Select(id => logits[id])], inputs));
        }
    }

    [Fact]
    public void Best_tokens_are_not_enough_where_all_logits_count()
    {
        Assert.Equal(0, Sampler.NumBestNeeded(new SamplingParams()));
        Assert.Equal(0, Sampler.NumBestNeeded(new SamplingParams { TopK = 100_000 }));
        Assert.Equal(0, Sampler.NumBestNeeded(new SamplingParams { TopK = 64, NumLogprobs = 0 }));
        Assert.Equal(0, Sampler.NumBestNeeded(new SamplingParams { TopK = 64, FrequencyPenalty = 0.5f }));
        Assert.Equal(0, Sampler.NumBestNeeded(new SamplingParams { Temperature = 0, LogitBias = Bias((3, 4f)) }));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Best_tokens_without_a_chance_are_refused(float best) =>
        Assert.Throws<InvalidOperationException>(() => new Sampler(4).SampleBest(
            [2], [best], new SamplingInputs { Params = new SamplingParams { Temperature = 0 }, TokenIds = [], NumPromptTokens = 0, Seed = 1 }));

    private static int Next(float[] logits, SamplingParams p, ulong seed = 0, ReadOnlySpan<int> tokens = default, int promptLength = 0)
    {
        var counts = new PenaltyCounts(p, promptLength);
        counts.CountTo(tokens);
        var inputs = new SamplingInputs { Params = p, TokenIds = tokens, NumPromptTokens = promptLength, Seed = seed, Counts = counts };
        return new Sampler(logits.Length).Sample(logits, inputs, out _);
    }

    private static System.Collections.Immutable.ImmutableDictionary<int, float> Bias(params (int Id, float Bias)[] entries) =>
        System.Collections.Immutable.ImmutableDictionary.CreateRange(entries.Select(e => KeyValuePair.Create(e.Id, e.Bias)));

    private static double[] Softmax(float[] logits, double temperature)
    {
        double[] weights = [.. logits.Select(l => Math.Exp(l / temperature))];
        return [.. weights.Select(w => w / weights.Sum())];
    }

    private static double[] Keep(double[] probabilities, params int[] ids)
    {
        double total = ids.Sum(id => probabilities[id]);
        return [.. probabilities.Select((p, id) => ids.Contains(id) ? p / total : 0)];
    }
}
