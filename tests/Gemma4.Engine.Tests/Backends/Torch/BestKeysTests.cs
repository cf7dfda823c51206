using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Sampling;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Gemma4.Engine.Tests.Backends.Torch;

public sealed class BestKeysTests
{
    private const int VocabularySize = 3000;

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(VocabularySize)]
    public void Selects_in_the_order_of_the_host(int count)
    {
        var random = new Random(count);
        float[][] rows = [.. Enumerable.Range(0, 7).Select(r => Row(random, r))];
        (int[] ids, float[] values) = Select(rows, count);
        for (int r = 0; r < rows.Length; r++)
        {
            var expected = new int[count];
            int chosen = TopTokens.Select(rows[r], count, expected);      // leaves out what may not be chosen
            Assert.Equal(expected[..chosen], ids[(r * count)..(r * count + chosen)]);
            Assert.All(Enumerable.Range(r * count, count), i => Assert.Equal(rows[r][ids[i]], values[i]));
        }
    }

    [Theory]
    [InlineData(0x7FC00000)]
    [InlineData(0xFFC00000)]
    [InlineData(0xFF800001)]
    public void What_is_not_a_number_comes_first(uint bits)
    {
        float[] row = Row(new Random(1), 0);
        row[1234] = BitConverter.UInt32BitsToSingle(bits);
        (int[] ids, float[] values) = Select([row], 2);
        Assert.Equal(1234, ids[0]);
        Assert.True(float.IsNaN(values[0]));
        Assert.False(float.IsNaN(values[1]));
    }

    /// <summary>Rounded to one digit, so that many are equal; zeros of both signs, infinities, the largest and the smallest numbers.</summary>
    private static float[] Row(Random random, int seed)
    {
        float[] row = [.. Enumerable.Range(0, VocabularySize).Select(_ => MathF.Round(random.NextSingle() * 4 - (seed % 2 == 0 ? 2 : 4), 1))];
        for (int i = 0; i < 40; i++)
            row[random.Next(VocabularySize)] = -0f;
        float[] rare = [float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, float.PositiveInfinity];
        foreach (float value in rare)
            row[random.Next(VocabularySize)] = value;
        return row;
    }

    private static (int[] Ids, float[] Values) Select(float[][] rows, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        using var link = new DeviceLink(CPU);
        Tensor keys = new BestKeys(link, VocabularySize).Select(tensor(rows.SelectMany(r => r).ToArray()).view(rows.Length, VocabularySize), count);
        var (ids, values) = (new int[rows.Length * count], new float[rows.Length * count]);
        unsafe
        {
            BestKeys.Read(new ReadOnlySpan<long>(link.Receive(keys), ids.Length), ids, values);
        }
        return (ids, values);
    }
}
