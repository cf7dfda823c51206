using Gemma4.Engine.Vision;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class ResampleWeightsTests
{
    public static TheoryData<int, int> Sizes() => new()
    {
        { 1, 1 }, { 1, 48 }, { 2, 48 }, { 3, 5 }, { 7, 7 }, { 48, 31 }, { 31, 48 }, { 100, 1 }, { 257, 3 }, { 640, 480 }, { 1000, 48 }, { 4000, 912 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Weights_sum_to_one_and_stay_inside_the_input(int input, int output)
    {
        var weights = new ResampleWeights(input, output);
        for (int i = 0; i < output; i++)
        {
            int sum = 0;
            foreach (int w in weights.Weights(i))
                sum += w;
            Assert.InRange(sum, (1 << ResampleWeights.FractionBits) - weights.Count(i), (1 << ResampleWeights.FractionBits) + weights.Count(i));
            Assert.InRange(weights.First(i), 0, input - 1);
            Assert.InRange(weights.First(i) + weights.Count(i), 1, input);
        }
    }

    [Fact]
    public void Weights_are_Pillows()
    {
        // Keys 1981, a = -0.5, halfway between samples: -1/16, 9/16, 9/16, -1/16.
        var weights = new ResampleWeights(8, 16);
        const int one = 1 << ResampleWeights.FractionBits;
        Assert.Equal(4, weights.Count(7));
        // Output 7 is centred at 3.75: samples 2..5 at distances 1.25, 0.25, 0.75, 1.75.
        double[] expected = [-0.0703125, 0.8671875, 0.2265625, -0.0234375];
        Assert.Equal(2, weights.First(7));
        Assert.Equal(expected.Select(w => (int)Math.Round(w * one)), weights.Weights(7).ToArray());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Whole_pairs_hold_the_same_weights_and_else_nothing(int input, int output)
    {
        foreach (ResampleWeights weights in (ResampleWeights[])[new(input, output), new(input, output, mirrored: true)])
        {
            for (int i = 0; i < output; i++)
            {
                int before = weights.First(i) - weights.FirstPair(i) * 2, after = weights.Pairs * 2 - before - weights.Count(i);
                int[] expected = [.. new int[before], .. weights.Weights(i), .. new int[after]];
                Assert.Equal(expected, weights.PairWeights(i).ToArray());
                Assert.InRange(weights.FirstPair(i) + weights.Pairs, 1, (input + 1) / 2);
                short[] factors = weights.PairFactors(i).ToArray();
                Assert.Equal(expected, expected.Select((_, t) => (factors[t / 2 * 4 + t % 2] << ResampleWeights.LowBits) + factors[t / 2 * 4 + 2 + t % 2]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Mirrored_weights_are_the_same_read_backwards(int input, int output)
    {
        ResampleWeights upright = new(input, output), mirrored = new(input, output, mirrored: true);
        for (int i = 0; i < output; i++)
        {
            int other = mirrored.Shown(i);
            Assert.Equal(output - 1 - i, other);
            Assert.Equal(input, upright.First(i) + mirrored.First(other) + mirrored.Count(other));
            Assert.Equal(upright.Weights(i).ToArray(), mirrored.Weights(other).ToArray().Reverse());
        }
    }
}
