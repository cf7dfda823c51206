using Gemma4.Engine.Kernels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

/// <summary>What every kernel over single numbers must keep: the same bits at every place, in every width, between guarded pages.</summary>
internal static unsafe class RowKernelCheck
{
    /// <summary>From one row of <paramref name="n"/> to another.</summary>
    public delegate void Kernel(float* x, float* y, int n);

    /// <summary>Numbers whose results are worth seeing: ordinary ones, and those at the ends of the range.</summary>
    public static float[] Inputs(int count, int seed)
    {
        float[] special = [0f, -0f, 1e-40f, -1e-40f, 1e-6f, -1e-6f, 88.7f, -87.4f, -103f, 3e38f, -3e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => i % 11 == 10 ? special[random.Next(special.Length)] : (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 3)))];
    }

    /// <summary>Every length from 0 to 257, at both ends of guarded memory: each element is what it is alone.</summary>
    public static void EveryLengthAndPlace(Kernel alone, params Kernel[] kernels)
    {
        const int Longest = 257;
        float[] inputs = Inputs(Longest, seed: 1), expected = new float[Longest];
        fixed (float* x = inputs, y = expected)
        {
            for (int i = 0; i < Longest; i++)
                alone(x + i, y + i, 1);
        }
        using GuardedMemory source = new(Longest * sizeof(float)), target = new(Longest * sizeof(float));
        foreach (Kernel kernel in kernels)
        {
            for (int n = 0; n <= Longest; n++)
            {
                foreach (bool atStart in new[] { true, false })
                {
                    int first = (Longest - n) / 2;      // elements move through the row as the length grows
                    Span<float> x = atStart ? source.AtStart<float>(n) : source.AtEnd<float>(n);
                    Span<float> y = atStart ? target.AtStart<float>(n) : target.AtEnd<float>(n);
                    inputs.AsSpan(first, n).CopyTo(x);
                    fixed (float* px = x, py = y)
                        kernel(px, py, n);
                    SameBits(expected.AsSpan(first, n), y);
                }
            }
        }
    }

    /// <summary>Compares bits; one that is not a number equals another.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(float.IsNaN(expected[i]) && float.IsNaN(actual[i])) && BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"element {i} of {expected.Length}: expected {expected[i]:R}, found {actual[i]:R}");
        }
    }

    /// <summary>The largest distance from the definition in units of its last place; small results count as if they were <paramref name="floor"/>.</summary>
    public static double LargestError(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float floor)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] == actual[i])
                continue;
            double unit = Math.Max(MathF.BitIncrement(MathF.Abs(expected[i])) - MathF.Abs(expected[i]), floor * 1.2e-7);
            largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]) / unit);
        }
        return largest;
    }
}
