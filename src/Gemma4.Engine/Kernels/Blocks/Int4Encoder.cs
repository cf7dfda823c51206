using System.Buffers.Binary;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>How well numbers survive in 4 bits.</summary>
internal enum Int4Fit
{
    /// <summary>They are on a grid of 4 bits, and come back to the last bit.</summary>
    Exact,

    /// <summary>They are what a grid of 4 bits becomes when rounded to bfloat16; what comes back is the grid, which is nearer to what was trained.</summary>
    ExactInBFloat16,

    /// <summary>They are on no grid, and are rounded to the nearest one found.</summary>
    Rounded,
}

/// <summary>Float32 to <see cref="WeightFormat.Q4_0"/>: 32 numbers share a step, each is −8 to 7 steps.</summary>
/// <remarks>
/// Weights that were trained for 4 bits (Google's <c>-q4_0-unquantized</c>) lie on such a grid, but their largest level m is not always 8: the step is
/// max |w| / m for an m of 1 to 8, with either sign, and finding it gives the weights back without loss, where max |w| / 8 or / 7.5 would round them twice.
/// </remarks>
internal static class Int4Encoder
{
    private const int Lowest = -8, Highest = 7;

    /// <summary>Divisors of the largest number that are tried where there is no grid: with −8 that number is the lowest level, as ggml has it.</summary>
    private static ReadOnlySpan<float> Divisors => [-8f, 7f, -7.5f, 7.5f, -8.5f, -7f];

    /// <summary>Encodes whole blocks.</summary>
    /// <param name="values">Finite numbers, a multiple of 32.</param>
    /// <param name="blocks">18 bytes for every 32 numbers.</param>
    /// <returns>The worst fit of a block.</returns>
    public static Int4Fit Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length % Q4_0Block.Length, 0, nameof(values));
        Int4Fit worst = Int4Fit.Exact;
        for (; values.Length > 0; values = values[Q4_0Block.Length..], blocks = blocks[Q4_0Block.Bytes..])
        {
            Int4Fit fit = EncodeBlock(values[..Q4_0Block.Length], blocks[..Q4_0Block.Bytes]);
            worst = fit > worst ? fit : worst;
        }
        return worst;
    }

    private static Int4Fit EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        float largest = Largest(values);
        if (largest == 0)
        {
            Write(values, 0, block);
            return Int4Fit.Exact;
        }
        if (FindGrid(values, largest, exact: true) is { } step)
        {
            Write(values, step, block);
            return Int4Fit.Exact;
        }
        if (FindGrid(values, largest, exact: false) is { } rounded)
        {
            Write(values, rounded, block);
            return Int4Fit.ExactInBFloat16;
        }
        Write(values, Nearest(values, largest), block);
        return Int4Fit.Rounded;
    }

    /// <summary>The step of the grid that the numbers lie on, of the smallest m; null where they lie on none that a float16 step spans.</summary>
    /// <param name="values">A block.</param>
    /// <param name="largest">The number of the largest magnitude.</param>
    /// <param name="exact">Whether products must be the numbers, or become them when rounded to bfloat16.</param>
    private static float? FindGrid(ReadOnlySpan<float> values, float largest, bool exact)
    {
        float magnitude = MathF.Abs(largest);
        for (int m = 1; m <= -Lowest; m++)
        {
            foreach (float sign in (ReadOnlySpan<float>)[1, -1])      // a negative step makes −8 of the largest positive number
            {
                float step = sign * magnitude / m;
                if (exact)
                {
                    step = (float)(Half)step;
                    if (LiesOn(values, step, exact))
                        return step;
                    continue;
                }
                // The largest number was rounded too, so that its quotient may be a neighbour of the step.
                ushort nearest = BFloat16.FromSingle(step);
                foreach (int neighbour in (ReadOnlySpan<int>)[0, -1, 1])
                {
                    step = BFloat16.ToSingle((ushort)(nearest + neighbour));
                    if (step == (float)(Half)step && LiesOn(values, step, exact))
                        return step;
                }
            }
        }
        return null;
    }

    private static bool LiesOn(ReadOnlySpan<float> values, float step, bool exact)
    {
        foreach (float value in values)
        {
            float level = MathF.Round(value / step), product = level * step;
            if (level is < Lowest or > Highest || (exact ? product : BFloat16.ToSingle(BFloat16.FromSingle(product))) != value)
                return false;
        }
        return true;
    }

    /// <summary>The step with the smallest squared error of some that are tried, each refitted once to the levels it gives.</summary>
    private static float Nearest(ReadOnlySpan<float> values, float largest)
    {
        (float best, double bestError) = (0, double.PositiveInfinity);
        foreach (float divisor in Divisors)
        {
            float step = (float)(Half)(largest / divisor);
            for (int pass = 0; pass < 2 && step != 0; pass++)
            {
                double error = 0, products = 0, squares = 0;
                foreach (float value in values)
                {
                    int level = Level(value, step);
                    double miss = value - (double)level * step;
                    error += miss * miss;
                    products += (double)value * level;
                    squares += level * level;
                }
                if (error < bestError)
                    (best, bestError) = (step, error);
                step = squares == 0 ? 0 : (float)(Half)(products / squares);      // least squares, the levels held
            }
        }
        return best;
    }

    private static void Write(ReadOnlySpan<float> values, float step, Span<byte> block)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)step);
        for (int j = 0; j < Q4_0Block.Length / 2; j++)
            block[2 + j] = (byte)(Level(values[j], step) - Lowest | (Level(values[j + 16], step) - Lowest) << 4);
    }

    private static int Level(float value, float step) => step == 0 ? 0 : (int)Math.Clamp(MathF.Round(value / step), Lowest, Highest);

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(largest))
                largest = value;
        }
        return largest;
    }
}
