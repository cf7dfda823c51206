using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class KvBudgetTests
{
    private const long GiB = 1L << 30;

    public static TheoryData<string, long> ModelsAndBudgets()
    {
        TheoryData<string, long> data = [];
        foreach (KvModelShape model in KvModelShape.Released)
        {
            foreach (long bytes in new[] { GiB / 8, GiB, 16 * GiB, 300 * GiB })
                data.Add(model.Name, bytes);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(ModelsAndBudgets))]
    public void Pools_take_almost_all_of_the_budget_and_never_more(string name, long bytes)
    {
        KvCachePlan plan = KvBudget.Split(bytes, Named(name).Groups(2), 16, 8192, 4096, 512);
        Assert.True(plan.TotalBytes <= bytes);
        Assert.True(plan.TotalBytes >= bytes - plan.Groups.Sum(g => g.BytesPerToken * 16));
    }

    [Theory]
    [MemberData(nameof(ModelsAndBudgets))]
    public void A_sequence_of_the_longest_context_fits_if_half_of_the_budget_holds_it(string name, long bytes)
    {
        ImmutableArray<KvGroupSpec> groups = Named(name).Groups(2);
        KvCachePlan plan = KvBudget.Split(bytes, groups, 16, 8192, 4096, 512);
        if (KvBudget.Cost(groups, 8192, 512, 16) <= bytes / 2)
            Assert.True(plan.MaxTokens(512) >= 8192);
        Assert.True(plan.MaxSequenceTokens >= 16);
    }

    [Fact]
    public void Memory_beyond_the_longest_sequence_is_split_as_typical_sequences_need_it()
    {
        ImmutableArray<KvGroupSpec> groups = [new KvGroupSpec(null, 100), new KvGroupSpec(64, 1000)];
        KvCachePlan plan = KvBudget.Split(10 * GiB, groups, 16, 1024, 1024, 16);
        double sequencesInFull = plan.NumBlocks[0] / (double)KvCachePlan.BlocksNeeded(groups[0], 1024, 1, 16);
        double sequencesInSliding = plan.NumBlocks[1] / (double)KvCachePlan.BlocksNeeded(groups[1], 1024, 1, 16);
        Assert.Equal(sequencesInFull, sequencesInSliding, sequencesInFull * 0.01);
    }

    [Fact]
    public void Budget_that_holds_nothing_is_refused_saying_what_would_do()
    {
        ImmutableArray<KvGroupSpec> groups = [new KvGroupSpec(null, 100), new KvGroupSpec(64, 1000)];
        ArgumentException e = Assert.Throws<ArgumentException>(() => KvBudget.Split(17_599, groups, 16, 1024, 1024, 16));
        Assert.Contains("17600 bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal(17_600, KvBudget.Split(17_600, groups, 16, 1024, 1024, 16).TotalBytes);
    }

    private static KvModelShape Named(string name) => KvModelShape.Released.Single(m => m.Name == name);
}
