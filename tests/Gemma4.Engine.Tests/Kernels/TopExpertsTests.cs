using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class TopExpertsTests
{
    [Fact]
    public void It_chooses_what_the_definition_chooses()
    {
        var random = new Random(1);
        for (int experts = 1; experts <= 128; experts++)
        {
            int active = 1 + random.Next(Math.Min(experts, 12));
            float[] scores = [.. Enumerable.Range(0, experts).Select(_ => MathF.Round(random.NextSingle() * 20 - 10, experts % 2))];     // with ties
            float[] scale = [.. scores.Select(_ => random.NextSingle() + 0.5f)];
            long[] expected = new long[active], chosen = new long[active];
            float[] expectedShares = new float[active], shares = new float[active];
            TopExperts.Reference(scores, scale, expected, expectedShares);
            TopExperts.Run(scores, scale, chosen, shares);
            Assert.Equal(expected, chosen);
            for (int a = 0; a < active; a++)
                Assert.Equal(expectedShares[a], shares[a], 1e-6f);
        }
    }

    [Fact]
    public void Scores_that_are_no_numbers_choose_experts_that_exist()
    {
        long[] chosen = new long[2];
        TopExperts.Run([float.NaN, float.NaN, float.NaN], [1, 1, 1], chosen, new float[2]);
        Assert.All(chosen, e => Assert.InRange(e, 0, 2));
    }
}
