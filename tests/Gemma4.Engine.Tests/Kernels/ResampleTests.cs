using System.Runtime.Intrinsics.X86;
using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class ResampleTests
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
            Assert.InRange(sum, (1 << ResampleWeights.FractionBits) - weights.Taps, (1 << ResampleWeights.FractionBits) + weights.Taps);
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
    public void Every_path_makes_the_same_row(int input, int output)
    {
        var weights = new ResampleWeights(input, output);
        byte[] row = HarshBytes((input + ResampleRow.PaddingPixels) * 4, input);
        byte[] expected = new byte[output * 4], actual = new byte[output * 4];
        ResampleRow.Reference(row, weights, expected);

        ResampleRow.Run(row, weights, actual);
        Assert.Equal(expected, actual);
        ResampleRow.Run128(row, weights, actual);
        Assert.Equal(expected, actual);
        if (Avx2.IsSupported)
        {
            ResampleRow.Run256(row, weights, actual);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Every_path_makes_the_same_columns_at_every_width()
    {
        var weights = new ResampleWeights(61, 23);
        for (int width = 0; width <= 257; width++)
        {
            int stride = width + 3, rows = weights.Taps;
            byte[] ring = HarshBytes(stride * rows, width);
            byte[] expected = new byte[width], actual = new byte[width];
            int output = width % 23;
            ResampleColumns.Reference(ring, stride, weights.First(output), weights.Weights(output), expected);

            ResampleColumns.Run(ring, stride, weights.First(output), weights.Weights(output), actual);
            Assert.Equal(expected, actual);
            int done = ResampleColumns.Run128(ring, stride, weights.First(output), weights.Weights(output), actual);
            Assert.Equal(expected[..done], actual[..done]);
            if (!Avx2.IsSupported)
                continue;
            done = ResampleColumns.Run256(ring, stride, weights.First(output), weights.Weights(output), actual);
            Assert.Equal(expected[..done], actual[..done]);
        }
    }

    [Fact]
    public void Overshoot_at_a_hard_edge_is_clamped()
    {
        var weights = new ResampleWeights(8, 64);
        byte[] row = new byte[(8 + ResampleRow.PaddingPixels) * 4];
        row.AsSpan(16, 16).Fill(255);
        byte[] output = new byte[64 * 4];
        ResampleRow.Run(row, weights, output);
        Assert.Equal(0, output[24 * 4]); // below black without the clamp
        Assert.Equal(255, output[39 * 4]); // above white without it
    }

    /// <summary>Noise with runs of black and white, where sums are largest.</summary>
    private static byte[] HarshBytes(int length, int seed)
    {
        var bytes = new byte[length];
        var random = new Random(seed);
        random.NextBytes(bytes);
        for (int i = 0; i + 16 <= length; i += 16)
        {
            if (random.Next(3) == 0)
                bytes.AsSpan(i, 16).Fill((byte)(random.Next(2) * 255));
        }
        return bytes;
    }
}
