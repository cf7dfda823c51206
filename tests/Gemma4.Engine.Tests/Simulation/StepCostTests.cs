using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Simulation;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Simulation;

public sealed class StepCostTests
{
    [Theory]
    [InlineData(null, 0, 1)]
    [InlineData(null, 0, 7)]
    [InlineData(null, 100, 3)]
    [InlineData(4, 0, 3)]
    [InlineData(4, 0, 4)]
    [InlineData(4, 2, 7)]
    [InlineData(4, 3, 1)]
    [InlineData(4, 50, 5)]
    [InlineData(1, 5, 2)]
    public void Attention_is_counted_as_if_each_token_looked_for_itself(int? window, int first, int count)
    {
        long pairs = 0, read = long.MaxValue;
        for (int p = first; p < first + count; p++)
        {
            int from = Math.Max(0, p - (window ?? int.MaxValue) + 1);
            pairs += p - from + 1;
            read = Math.Min(read, from);
        }
        var work = new AttentionWork(window, 1, 1);
        Assert.Equal(pairs, work.Pairs(first, count));
        Assert.Equal(first + count - read, work.PositionsRead(first, count));
    }

    [Fact]
    public void A_step_of_one_token_reads_the_weights_and_a_long_one_computes()
    {
        var cost = new StepCost(Dense, new MachineSpeed(1000, 100, Overlap: 1, TimeSpan.Zero));
        // 2 bytes a weight: (300 + 100) * 2 / 1000 of reading, 400 / 100 of computing.
        Assert.Equal(4, cost.Of(Plan(1)).TotalSeconds, 6);
        var narrow = new StepCost(Dense, new MachineSpeed(100, 1000, Overlap: 1, TimeSpan.Zero));
        Assert.Equal(8, narrow.Of(Plan(1)).TotalSeconds, 6);
        // Thirty tokens of a prompt of which the last is sampled from: 30 * 300 + 100 products.
        Assert.Equal(9.1, narrow.Of(Plan(30)).TotalSeconds, 6);
        Assert.Equal(8 + 0.5 * 0.4, (narrow with { Machine = narrow.Machine with { Overlap = 0.5 } }).Of(Plan(1)).TotalSeconds, 6);
        Assert.Equal(8 + 1, (narrow with { Machine = narrow.Machine with { StepOverhead = TimeSpan.FromSeconds(1) } }).Of(Plan(1)).TotalSeconds, 6);
    }

    [Fact]
    public void The_head_is_not_read_where_nothing_is_sampled()
    {
        var cost = new StepCost(Dense, new MachineSpeed(100, 1e9, Overlap: 1, TimeSpan.Zero));
        Assert.Equal(6, cost.Of(Plan(4, samples: false)).TotalSeconds, 4);
    }

    [Fact]
    public void Tokens_choose_experts_independently()
    {
        ModelWork work = Dense with { LayerWeights = 0, HeadWeights = 0, ExpertWeights = 1280, ActiveShare = 8.0 / 128 };
        var cost = new StepCost(work, new MachineSpeed(2, 1e9, Overlap: 1, TimeSpan.Zero));
        Assert.Equal(80, cost.Of(Plan(1)).TotalSeconds, 3);
        // Eight tokens choose 52 of 128 experts a layer, as was counted with 26B-A4B (docs/performance.md).
        Assert.Equal(52, cost.Of(Plan(1, 1, 1, 1, 1, 1, 1, 1)).TotalSeconds / 10, 0);
    }

    [Fact]
    public void Keys_and_values_are_read_for_each_sequence()
    {
        ModelWork work = Dense with { LayerWeights = 0, HeadWeights = 0, Attention = [new AttentionWork(null, 5, 0), new AttentionWork(4, 1, 0)] };
        var cost = new StepCost(work, new MachineSpeed(1, 1e9, Overlap: 1, TimeSpan.Zero));
        // At position 9 ten positions of five numbers and four of one, two bytes each, for either sequence.
        Assert.Equal(2 * (10 * 5 + 4) * 2, cost.Of(new StepPlan(Scheduled(9, 1), Scheduled(9, 1))).TotalSeconds, 3);
    }

    [Theory]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-31b")]
    public void Weights_are_those_that_the_model_multiplies_with(string model)
    {
        TextConfig text = Gemma4Config.Load(Path.Combine(RepositoryPaths.Fixtures, "models", model)).Text;
        ModelWork work = ModelWork.Of(Gemma4Config.Load(Path.Combine(RepositoryPaths.Fixtures, "models", model)));
        Assert.Equal((long)text.VocabSize * text.HiddenSize, work.HeadWeights);
        Assert.Equal(text.Moe is { } moe ? text.Layers.Length * 3L * moe.NumExperts * moe.IntermediateSize * text.HiddenSize : 0, work.ExpertWeights);
        long layers = 0;
        foreach (LayerConfig layer in text.Layers)
        {
            layers += 2L * text.NumQueryHeads * layer.HeadDim * text.HiddenSize + 3L * layer.IntermediateSize * text.HiddenSize;
            layers += layer.OwnsKv ? (long)layer.KvElementsPerToken * text.HiddenSize : 0;
            layers += text.Moe is { } routed ? (long)routed.NumExperts * text.HiddenSize : 0;
            layers += 2L * text.PerLayerWidth * text.HiddenSize;
        }
        layers += (long)text.PerLayerWidth * text.Layers.Length * text.HiddenSize;
        Assert.Equal(layers, work.LayerWeights);
    }

    private static ModelWork Dense => new() { LayerWeights = 300, ExpertWeights = 0, ActiveShare = 0, HeadWeights = 100, Attention = [] };

    private static StepPlan Plan(params int[] counts) => new([.. counts.Select(c => Scheduled(0, c))]);

    private static StepPlan Plan(int count, bool samples) => new(Scheduled(0, count) with { Samples = samples });

    private static ScheduledSequence Scheduled(int first, int count)
    {
        var request = new GenerationRequest { Id = "request", PromptTokenIds = [.. new int[100]], Sampling = new SamplingParams() };
        return new ScheduledSequence(new Sequence(new SequenceId(0), request, 0, 0), first, count, [], Samples: true);
    }
}
