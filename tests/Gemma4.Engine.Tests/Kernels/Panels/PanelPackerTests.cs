using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

public sealed unsafe class PanelPackerTests
{
    /// <remarks>64 blocks of each format, with scales from the smallest subnormal to the largest: gguf's own numbers, bit for bit but for the sign of zero.</remarks>
    [Theory]
    [MemberData(nameof(StoredWeights.FormatNames), MemberType = typeof(StoredWeights))]
    public void Packed_blocks_have_the_numbers_of_the_reference(string name)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(name);
        (byte[] raw, float[] values) = ReadVectors(RepositoryPaths.RequireShared($"fixtures/quantized/vectors/{name}.safetensors"));
        int length = format.BlockLength, blocks = raw.Length / format.BlockBytes;
        foreach (int columns in new[] { length, 2 * length, 4 * length })
        {
            int rows = blocks * length / columns;
            PanelMatrix matrix = StoredWeights.Pack(format, rows, columns, raw);
            float[] row = new float[columns];
            for (int i = 0; i < rows; i++)
            {
                new PanelElements(matrix, i).CopyTo(row);
                for (int column = 0; column < columns; column++)
                    Assert.Equal(values[i * columns + column], row[column]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(StoredWeights.FormatNames), MemberType = typeof(StoredWeights))]
    public void Panels_packed_by_several_are_those_packed_by_one(string name)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(name);
        const int Rows = 75, Columns = 512;
        byte[] stored = StoredWeights.Random(format, Rows, Columns, 1);
        PanelMatrix whole = StoredWeights.Pack(format, Rows, Columns, stored), parts = StoredWeights.Allocate(format, Rows, Columns);
        fixed (byte* first = stored)
        {
            parts.Pack(first, 3, 2);
            parts.Pack(first, 0, 3);
            parts.Pack(first, 0, 1);      // again: what was there before leaves no trace
        }
        Assert.True(Bytes(whole).SequenceEqual(Bytes(parts)));
    }

    [Theory]
    [MemberData(nameof(StoredWeights.FormatNames), MemberType = typeof(StoredWeights))]
    public void Packing_reads_and_writes_within_its_memory(string name)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(name);
        const int Rows = 19;
        int columns = 3 * format.BlockLength;
        byte[] stored = StoredWeights.Random(format, Rows, columns, 2);
        int bytes = (int)PanelMatrix.BytesOf(format, Rows, columns);
        using GuardedMemory source = new(stored.Length), target = new(bytes);
        PanelMatrix expected = StoredWeights.Pack(format, Rows, columns, stored);
        foreach (bool atStart in new[] { true, false })
        {
            Span<byte> from = atStart ? source.AtStart<byte>(stored.Length) : source.AtEnd<byte>(stored.Length);
            Span<byte> to = atStart ? target.AtStart<byte>(bytes) : target.AtEnd<byte>(bytes);
            stored.CopyTo(from);
            to.Fill(0xA5);
            fixed (byte* first = from, panels = to)
                PanelMatrix.Over(format, Rows, columns, panels).Pack(first, 0, expected.NumPanels);
            Assert.True(Bytes(expected).SequenceEqual(to));
        }
    }

    [Theory]
    [InlineData(0x7C00)]
    [InlineData(0xFC00)]
    [InlineData(0x7E01)]
    public void Scales_that_are_not_finite_are_refused(int bits)
    {
        foreach (WeightFormat format in StoredWeights.Formats)
        {
            foreach (int at in StoredWeights.HalvesOf(format))
            {
                byte[] stored = StoredWeights.Random(format, 1, 2 * format.BlockLength, 3);
                BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(format.BlockBytes + at), (ushort)bits);
                var fault = Assert.Throws<InvalidDataException>(() => StoredWeights.Pack(format, 1, 2 * format.BlockLength, stored));
                Assert.Contains($"{format}", fault.Message);
            }
        }
    }

    [Fact]
    public void Rows_that_are_not_whole_blocks_are_refused() =>
        Assert.Throws<ArgumentException>(() => StoredWeights.Pack(WeightFormat.Q4_K, 1, 128, new byte[144]));

    [Fact]
    public void Formats_of_floats_have_no_panels() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StoredWeights.Allocate(WeightFormat.BFloat16, 16, 64));

    private static ReadOnlySpan<byte> Bytes(PanelMatrix matrix) => new(matrix.Panel(0), (int)matrix.Bytes);

    private static (byte[] Raw, float[] Values) ReadVectors(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int data = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, data - 8));
        byte[] Part(string name)
        {
            JsonElement offsets = header.RootElement.GetProperty(name).GetProperty("data_offsets");
            return bytes[(data + offsets[0].GetInt32())..(data + offsets[1].GetInt32())];
        }
        return (Part("raw"), MemoryMarshal.Cast<byte, float>(Part("values")).ToArray());
    }
}
