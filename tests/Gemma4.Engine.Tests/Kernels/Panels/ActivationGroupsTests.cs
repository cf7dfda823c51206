using Gemma4.Engine.Kernels.Panels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

public sealed unsafe class ActivationGroupsTests
{
    [Fact]
    public void Every_length_agrees_with_the_definition_between_guarded_pages()
    {
        const int Longest = 257;
        float[] numbers = StoredWeights.Activations(Longest, 1);
        using GuardedMemory source = new(Longest * sizeof(float)), target = new((int)ActivationGroups.BytesOf(1, Longest));
        for (int n = 1; n <= Longest; n++)
        {
            int bytes = (int)ActivationGroups.BytesOf(1, n);
            foreach (bool atStart in new[] { true, false })
            {
                Span<float> x = atStart ? source.AtStart<float>(n) : source.AtEnd<float>(n);
                numbers.AsSpan(0, n).CopyTo(x);
                Span<byte> records = atStart ? target.AtStart<byte>(bytes) : target.AtEnd<byte>(bytes);
                records.Fill(0xA5);
                fixed (float* first = x)
                fixed (byte* to = records)
                {
                    using var groups = new ActivationGroups(to, 1, n);
                    groups.Reshape(1, n);
                    groups.Quantise(first, n, 0, 1);
                    AssertDefined(groups, 0, x);
                }
            }
        }
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rows_beside_it()
    {
        const int Columns = 200;
        for (int tokens = 1; tokens <= 19; tokens++)
        {
            float[] x = StoredWeights.Activations(tokens * Columns, (uint)tokens);
            using ActivationGroups groups = StoredWeights.Quantise(x, tokens, Columns);
            for (int token = 0; token < tokens; token++)
                AssertDefined(groups, token, x.AsSpan(token * Columns, Columns));
        }
    }

    [Fact]
    public void Rows_are_copied_between_tiles_of_different_heights()
    {
        const int Columns = 96;
        float[] x = StoredWeights.Activations(11 * Columns, 5);
        using ActivationGroups source = StoredWeights.Quantise(x, 11, Columns);
        using var target = new ActivationGroups(3, Columns);
        target.Reshape(3, Columns);
        int[] chosen = [10, 0, 7];
        for (int token = 0; token < 3; token++)
        {
            target.CopyRow(source, chosen[token], token);
            AssertDefined(target, token, x.AsSpan(chosen[token] * Columns, Columns));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_makes_its_own_group_not_a_number(float value)
    {
        float[] x = new float[96];
        x[40] = value;
        x[41] = 3e38f;
        using ActivationGroups groups = StoredWeights.Quantise(x, 1, 96);
        byte* record = groups.Record(0, out long step) + step;
        Assert.True(float.IsNaN(*(float*)(record + ActivationGroups.ScaleAt)));
        Assert.True(float.IsNaN(*(float*)(record + ActivationGroups.ScaledSumAt)));
        Assert.All(new Span<sbyte>(record, 32).ToArray(), q => Assert.Equal(0, q));
        Assert.Equal(0, *(float*)(record - step + ActivationGroups.ScaleAt));
        Assert.Equal(0, *(float*)(record + step + ActivationGroups.ScaleAt));
    }

    [Fact]
    public void The_smallest_and_the_largest_numbers_keep_within_range()
    {
        foreach (float largest in new[] { float.MaxValue, -float.MaxValue, 1.6e-36f, 1.4e-36f, 1e-40f, float.Epsilon, 0f })
        {
            float[] x = [.. Enumerable.Range(0, 32).Select(i => i % 2 == 0 ? largest : -largest)];
            using ActivationGroups groups = StoredWeights.Quantise(x, 1, 32);
            AssertDefined(groups, 0, x);
            sbyte[] q = new Span<sbyte>(groups.Record(0, out _), 32).ToArray();
            Assert.All(q, value => Assert.InRange(value, (sbyte)-127, (sbyte)127));
            Assert.Equal(MathF.Abs(largest) > 1.5e-36f, q.Any(value => value is 127 or -127));
        }
    }

    [Fact]
    public void Shapes_beyond_the_memory_are_refused()
    {
        using var groups = new ActivationGroups(2, 256);
        groups.Reshape(2, 256);
        Assert.Throws<ArgumentOutOfRangeException>(() => groups.Reshape(3, 256));
        Assert.Throws<ArgumentOutOfRangeException>(() => groups.Reshape(2, 257));
        Assert.Throws<ArgumentOutOfRangeException>(() => groups.Reshape(1, 0));
    }

    /// <summary>The definition, number by number.</summary>
    private static void AssertDefined(ActivationGroups groups, int token, ReadOnlySpan<float> x)
    {
        byte* record = groups.Record(token, out long step);
        for (int group = 0; group < groups.Groups; group++, record += step)
        {
            ReadOnlySpan<float> numbers = x[Math.Min(32 * group, x.Length)..Math.Min(32 * group + 32, x.Length)];
            float largest = 0;
            foreach (float number in numbers)
                largest = MathF.Max(largest, MathF.Abs(number));
            float scale = largest / 127;
            if (!float.IsNormal(scale))
                scale = 0;
            int sum = 0, first = 0;
            for (int i = 0; i < 32; i++)
            {
                int expected = i < numbers.Length && scale > 0 ? (int)MathF.Round(numbers[i] * (1 / scale)) : 0;
                Assert.Equal(expected, ((sbyte*)record)[i]);
                sum += expected;
                first += i < 16 ? expected : 0;
            }
            Assert.Equal(scale, *(float*)(record + ActivationGroups.ScaleAt));
            Assert.Equal(-8 * sum, *(int*)(record + ActivationGroups.SumAt));
            Assert.Equal(-8 * first, *(int*)(record + ActivationGroups.FirstSumAt));
            Assert.Equal(scale * sum, *(float*)(record + ActivationGroups.ScaledSumAt));
        }
    }
}
