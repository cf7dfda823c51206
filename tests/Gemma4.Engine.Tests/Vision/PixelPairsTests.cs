using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class PixelPairsTests
{
    [Fact]
    public void Rows_stand_side_by_side_and_pairs_lie_along_them()
    {
        byte[] rows = [.. Enumerable.Range(0, 8 * 16).Select(i => (byte)i)]; // value = row * 16 + pixel * 4 + channel
        var slots = new short[2 * PixelPairs.SlotLength];
        PixelPairs.FromRows(rows, 16, 0, 2, slots);
        Assert.Equal([0, 4, 16, 20, 32, 36], slots[..6]); // red of pixels 0 and 1 of rows 0, 1, 2
        Assert.Equal([1, 5], slots[16..18]); // green of row 0
        Assert.Equal([2 + 7 * 16, 6 + 7 * 16], slots[46..48]); // blue of row 7
        Assert.Equal([8, 12], slots[48..50]); // the second slot: pixels 2 and 3
    }

    [Fact]
    public void Columns_stand_side_by_side_and_pairs_are_two_rows()
    {
        byte[] rows = [.. Enumerable.Range(0, 2 * 32).Select(i => (byte)i)]; // value = row * 32 + pixel * 4 + channel
        var slots = new short[PixelPairs.SlotLength];
        PixelPairs.FromColumns(rows, 32, slots, PixelPairs.SlotLength);
        Assert.Equal([0, 32, 4, 36], slots[..4]); // red of pixels 0 and 1
        Assert.Equal([2 + 7 * 4, 34 + 7 * 4], slots[46..48]); // blue of pixel 7
    }

    [Fact]
    public void Every_path_arranges_the_same_rows_and_touches_nothing_beyond()
    {
        Assert.SkipUnless(Avx2.IsSupported, "needs AVX2");
        for (int slots = 2; slots <= 128; slots += 2)
        {
            int stride = slots * 8, ringSlots = slots % 12 + 2, first = slots / 4 * 2;
            using GuardedMemory rowMemory = new(8 * stride), ringMemory = new(ringSlots * PixelPairs.SlotLength * sizeof(short));
            foreach (bool atEnd in (bool[])[false, true])
            {
                Span<byte> rows = atEnd ? rowMemory.AtEnd<byte>(8 * stride) : rowMemory.AtStart<byte>(8 * stride);
                int length = ringSlots * PixelPairs.SlotLength;
                Span<short> actual = atEnd ? ringMemory.AtEnd<short>(length) : ringMemory.AtStart<short>(length);
                new Random(slots).NextBytes(rows);
                var expected = new short[length];
                actual.Clear();
                PixelPairs.RowsReference(rows, stride, first, slots - first, expected);
                PixelPairs.FromRows256(rows, stride, first, slots - first, actual);
                Assert.Equal(expected, actual.ToArray());
            }
        }
    }

    [Fact]
    public void Every_path_arranges_the_same_columns_and_touches_nothing_beyond()
    {
        Assert.SkipUnless(Vector256.IsHardwareAccelerated, "needs 256-bit vectors");
        for (int blocks = 1; blocks <= 64; blocks++)
        {
            int stride = blocks * 32, slotStride = PixelPairs.SlotLength * (1 + blocks % 3), length = (blocks - 1) * slotStride + PixelPairs.SlotLength;
            using GuardedMemory rowMemory = new(2 * stride), slotMemory = new(length * sizeof(short));
            foreach (bool atEnd in (bool[])[false, true])
            {
                Span<byte> rows = atEnd ? rowMemory.AtEnd<byte>(2 * stride) : rowMemory.AtStart<byte>(2 * stride);
                Span<short> actual = atEnd ? slotMemory.AtEnd<short>(length) : slotMemory.AtStart<short>(length);
                new Random(blocks).NextBytes(rows);
                var expected = new short[length];
                actual.Clear();
                PixelPairs.ColumnsReference(rows, stride, expected, slotStride);
                PixelPairs.FromColumns256(rows, stride, actual, slotStride);
                Assert.Equal(expected, actual.ToArray());
            }
        }
    }
}
