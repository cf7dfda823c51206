using System.Runtime.Intrinsics.X86;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class ResamplePairsTests
{
    private delegate void PairsPath(ReadOnlySpan<short> ring, ResampleWeights weights, int first, Span<short> target);

    private delegate void UnitsPath(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<float> target);

    private static readonly PairsPath[] PairsPaths =
        [ResamplePairs.ToPairs, ResamplePairs.ToPairs128, .. Avx2.IsSupported ? (PairsPath[])[ResamplePairs.ToPairs256] : []];

    private static readonly UnitsPath[] UnitsPaths =
        [ResamplePairs.ToUnits, ResamplePairs.ToUnits128, .. Avx2.IsSupported ? (UnitsPath[])[ResamplePairs.ToUnits256] : []];

    /// <summary>Every way of the window lying in its pairs, and windows of one pair to hundreds.</summary>
    public static TheoryData<int, int> Sizes()
    {
        var sizes = new TheoryData<int, int> { { 1000, 48 }, { 4000, 912 }, { 4001, 16 } };
        for (int input = 1; input <= 257; input += input < 24 ? 1 : 13)
            sizes.Add(input, 48);
        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_path_makes_the_same_pairs_and_touches_nothing_beyond(int input, int output)
    {
        foreach (bool mirrored in (bool[])[false, true])
        {
            var weights = new ResampleWeights(input, output, mirrored);
            using GuardedMemory ringMemory = Ring(weights, out int ringLength), targetMemory = new(4 * PixelPairs.SlotLength * sizeof(short));
            Span<short> ring = ringMemory.AtEnd<short>(ringLength), target = targetMemory.AtEnd<short>(4 * PixelPairs.SlotLength);
            var lanes = new int[PixelPairs.Lanes];
            for (int first = 0; first < output; first += 8)
            {
                var expected = new short[target.Length];
                for (int i = 0; i < 8; i++)
                {
                    ResamplePairs.Reference(ring, weights, first + i, lanes);
                    int place = mirrored ? 7 - i : i;
                    for (int line = 0; line < 8; line++)
                    {
                        for (int channel = 0; channel < 3; channel++)
                            expected[line / 2 * PixelPairs.SlotLength + (place * 3 + channel) * 2 + line % 2] = (short)lanes[channel * 8 + line];
                    }
                }
                foreach (PairsPath path in PairsPaths)
                {
                    target.Fill(-1);
                    path(ring, weights, first, target);
                    Assert.Equal(expected, target.ToArray());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_path_makes_the_same_units_and_touches_nothing_beyond(int input, int output)
    {
        var weights = new ResampleWeights(input, output);
        using GuardedMemory ringMemory = Ring(weights, out int ringLength), targetMemory = new(PixelPairs.Lanes * sizeof(float));
        Span<short> ring = ringMemory.AtEnd<short>(ringLength);
        Span<float> target = targetMemory.AtEnd<float>(PixelPairs.Lanes);
        var lanes = new int[PixelPairs.Lanes];
        for (int index = 0; index < output; index++)
        {
            ResamplePairs.Reference(ring, weights, index, lanes);
            float[] expected = [.. lanes.Select(byteValue => (float)(byteValue * 0.00392156862745098))];
            foreach (UnitsPath path in UnitsPaths)
            {
                target.Fill(-1);
                path(ring, weights, index, target);
                Assert.Equal(expected, target.ToArray());
            }
        }
    }

    [Fact]
    public void Overshoot_at_a_hard_edge_is_clamped()
    {
        var weights = new ResampleWeights(8, 64);
        var line = new short[4 * PixelPairs.SlotLength];
        line.AsSpan(2 * PixelPairs.SlotLength).Fill(255);
        foreach (UnitsPath path in UnitsPaths)
        {
            var units = new float[PixelPairs.Lanes];
            path(line, weights, 24, units);
            Assert.All(units, u => Assert.Equal(0, u)); // below black without the clamp
            path(line, weights, 39, units);
            Assert.All(units, u => Assert.Equal(1, u)); // above white without it
        }
        foreach (PairsPath path in PairsPaths)
        {
            var pairs = new short[4 * PixelPairs.SlotLength];
            path(line, weights, 24, pairs);
            Assert.Equal(0, pairs[0]);
            path(line, weights, 32, pairs);
            Assert.Equal(255, pairs[7 * 3 * 2]);
        }
    }

    /// <summary>A ring a little longer than the filter, of noise with runs of black and white, where sums are largest.</summary>
    private static GuardedMemory Ring(ResampleWeights weights, out int length)
    {
        length = (weights.Pairs + weights.InputSize % 3) * PixelPairs.SlotLength;
        var memory = new GuardedMemory(length * sizeof(short));
        var random = new Random(weights.InputSize);
        foreach (ref short value in memory.AtEnd<short>(length))
            value = random.Next(3) == 0 ? (short)(random.Next(2) * 255) : (short)random.Next(256);
        return memory;
    }
}
