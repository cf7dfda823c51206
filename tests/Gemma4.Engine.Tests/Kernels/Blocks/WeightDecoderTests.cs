using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Blocks;

/// <summary>Blocks of every format, and what the Python package gguf makes of them.</summary>
public sealed class WeightDecoderTests
{
    public static TheoryData<string> Formats() => [.. Enum.GetNames<WeightFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_number_of_the_vectors_has_the_reference_bits(string name)
    {
        (WeightFormat format, byte[] raw, float[] expected) = Read(name);
        var actual = new float[expected.Length];
        WeightDecoder.Decode(format, raw, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Bits(expected[i]) == Bits(actual[i]), $"number {i}: expected {expected[i]:R}, found {actual[i]:R}");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_bit_of_a_block_means_something(string name)
    {
        const int Ordinary = 24;      // the first blocks have ordinary scales; in some a group's scale is 0, so that its bits mean nothing there
        (WeightFormat format, byte[] raw, float[] expected) = Read(name);
        var actual = new float[Ordinary * format.BlockLength];
        for (int bit = 0; bit < 8 * format.BlockBytes; bit++)
        {
            byte[] changed = raw[..(Ordinary * format.BlockBytes)];
            for (int block = 0; block < Ordinary; block++)
                changed[block * format.BlockBytes + bit / 8] ^= (byte)(1 << bit % 8);
            WeightDecoder.Decode(format, changed, actual);
            Assert.False(actual.AsSpan().SequenceEqual(expected.AsSpan(0, actual.Length)), $"bit {bit} means nothing");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decoding_stays_inside_its_blocks(string name)
    {
        (WeightFormat format, byte[] raw, float[] expected) = Read(name);
        using GuardedMemory source = new(raw.Length), target = new(expected.Length * sizeof(float));
        foreach (int blocks in new[] { 0, 1, 5, raw.Length / format.BlockBytes })
        {
            int bytes = blocks * format.BlockBytes, numbers = blocks * format.BlockLength;
            foreach (bool atStart in new[] { true, false })
            {
                Span<byte> from = atStart ? source.AtStart<byte>(bytes) : source.AtEnd<byte>(bytes);
                Span<float> to = atStart ? target.AtStart<float>(numbers) : target.AtEnd<float>(numbers);
                raw.AsSpan(0, bytes).CopyTo(from);
                WeightDecoder.Decode(format, from, to);
                Assert.True(to.SequenceEqual(expected.AsSpan(0, numbers)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Scales_tell_whether_numbers_are_finite(string name)
    {
        (WeightFormat format, byte[] raw, _) = Read(name);
        Assert.Equal(-1, WeightDecoder.FirstNonFinite(format, raw));
        var random = new Random(7);
        var values = new float[format.BlockLength];
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] block = new byte[format.BlockBytes];
            random.NextBytes(block);
            WeightDecoder.Decode(format, block, values);
            bool finite = values.All(float.IsFinite);
            int first = WeightDecoder.FirstNonFinite(format, block);
            refused += first == 0 ? 1 : 0;
            Assert.False(first < 0 && !finite);      // what passes is finite; a block with a broken scale that no number uses may be refused
        }
        Assert.InRange(refused, 10, 5000);
    }

    [Fact]
    public void Lengths_that_do_not_belong_together_are_refused()
    {
        Assert.Throws<ArgumentException>(() => WeightDecoder.Decode(WeightFormat.Q4_0, new byte[18], new float[31]));
        Assert.Throws<ArgumentException>(() => WeightDecoder.Decode(WeightFormat.Q4_0, new byte[17], new float[32]));
    }

    private static (WeightFormat Format, byte[] Raw, float[] Values) Read(string name)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(name);
        string file = format switch { WeightFormat.Float32 => "F32", WeightFormat.Float16 => "F16", WeightFormat.BFloat16 => "BF16", _ => name };
        Dictionary<string, byte[]> tensors = SafetensorsBytes.Read(Path.Combine(RepositoryPaths.Fixtures, "quantized", "vectors", $"{file}.safetensors"));
        float[] values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensors["values"]).ToArray();
        Assert.Equal(values.Length / format.BlockLength, tensors["raw"].Length / format.BlockBytes);
        return (format, tensors["raw"], values);
    }

    /// <summary>Zeros of both signs are one.</summary>
    private static uint Bits(float value) => value == 0 ? 0 : BitConverter.SingleToUInt32Bits(value);
}
