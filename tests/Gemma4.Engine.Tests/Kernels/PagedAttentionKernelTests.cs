using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class PagedAttentionKernelTests
{
    private const int BlockSize = 16, KvHeads = 2, HeadDim = 32;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(9)]
    public void Every_length_agrees_with_the_reference(int g)
    {
        for (int length = 1; length <= 67; length++)
            Compare<Float32, float>(g, first: 0, length, withKeys: true, seed: length);
    }

    [Fact]
    public void Windows_begin_anywhere()
    {
        for (int first = 0; first < 60; first += 7)
            Compare<Float32, float>(g: 2, first, end: 67, withKeys: true, seed: first);
    }

    [Fact]
    public void Keys_made_from_values_agree_with_the_reference()
    {
        for (int length = 1; length <= 40; length++)
            Compare<Float32, float>(g: 4, first: 0, length, withKeys: false, seed: length);
    }

    [Fact]
    public void Bfloat16_pools_agree_with_the_reference_on_the_same_rounded_numbers()
    {
        for (int length = 1; length <= 40; length++)
        {
            Compare<BFloat16, ushort>(g: 4, first: 0, length, withKeys: true, seed: length);
            Compare<BFloat16, ushort>(g: 4, first: 0, length, withKeys: false, seed: length);
        }
    }

    [Fact]
    public void Scores_beyond_the_range_of_exp_do_not_overflow() =>
        Compare<Float32, float>(g: 2, first: 0, end: 33, withKeys: true, seed: 5, magnitude: 60f);

    [Fact]
    public void The_place_of_the_blocks_does_not_change_a_bit()
    {
        float[] here = Attend(blocks: [0, 1, 2], poison: false), there = Attend(blocks: [7, 3, 5], poison: true);
        Assert.Equal(here, there);
    }

    [Theory]
    [InlineData(1.00390625f, 0x3F80)]    // halfway between 0x3F80 and 0x3F81: to even
    [InlineData(1.01171875f, 0x3F82)]    // halfway between 0x3F81 and 0x3F82: to even
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(-0f, 0x8000)]
    public void Bfloat16_rounds_to_nearest_even(float value, int expected) => Assert.Equal(expected, BFloat16.FromSingle(value));

    [Fact]
    public void Bfloat16_keeps_not_a_number() => Assert.True(float.IsNaN(BFloat16.ToSingle(BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(0x7F800001)))));

    private static float[] Attend(int[] blocks, bool poison)
    {
        var random = new Random(3);
        float[] content = Uniform(random, 3 * BlockSize * KvHeads * HeadDim, 1), q = Uniform(random, 2 * KvHeads * HeadDim, 1);
        float[] pool = new float[8 * BlockSize * KvHeads * HeadDim];
        if (poison)
            Array.Fill(pool, float.NaN);
        int blockFloats = BlockSize * KvHeads * HeadDim;
        for (int b = 0; b < 3; b++)
            content.AsSpan(b * blockFloats, blockFloats).CopyTo(pool.AsSpan(blocks[b] * blockFloats));
        float[] y = new float[q.Length];
        fixed (float* queries = q, kv = pool, result = y)
        {
            for (int head = 0; head < KvHeads; head++)
            {
                PagedAttentionKernel.Run<Float32, float>(
                    queries + head * 2 * HeadDim, 2, new PagedKv<float>(kv, kv, KvHeads, HeadDim, BlockSize), null, blocks, head, 0, 3 * BlockSize,
                    result + head * 2 * HeadDim);
            }
        }
        return y;
    }

    private static void Compare<TFloat, T>(int g, int first, int end, bool withKeys, int seed, float magnitude = 1f)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        const int rotated = 4, positions = 128;
        var random = new Random(seed);
        int poolLength = (positions / BlockSize) * BlockSize * KvHeads * HeadDim;
        T[] keys = [.. Uniform(random, poolLength, 1).Select(TFloat.FromSingle)], values = [.. Uniform(random, poolLength, 1).Select(TFloat.FromSingle)];
        float[] q = Uniform(random, g * KvHeads * HeadDim, magnitude), scale = Uniform(random, HeadDim, 1);
        float[] angles = Uniform(random, positions * rotated, 3);
        float[] cos = [.. angles.Select(MathF.Cos)], sin = [.. angles.Select(MathF.Sin)];
        int[] table = [.. Enumerable.Range(0, positions / BlockSize)];
        random.Shuffle(table);
        float[] expected = new float[q.Length], actual = new float[q.Length];
        fixed (T* k = keys, v = values)
        fixed (float* queries = q, result = actual, s = scale, c = cos, sn = sin)
        {
            var kv = new PagedKv<T>(withKeys ? k : null, v, KvHeads, HeadDim, BlockSize);
            var maker = new KeyFromValue(s, c, sn, rotated);
            KeyFromValue* keyFromValue = withKeys ? null : &maker;
            PagedAttentionKernel.Reference<TFloat, T>(q, kv, keyFromValue, table, first, end, expected);
            for (int head = 0; head < KvHeads; head++)
                PagedAttentionKernel.Run<TFloat, T>(queries + head * g * HeadDim, g, kv, keyFromValue, table, head, first, end, result + head * g * HeadDim);
        }
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-5f);
    }

    private static float[] Uniform(Random random, int count, float magnitude) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * magnitude)];
}
