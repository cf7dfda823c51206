using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Vision;

/// <summary>Arranges 4-byte pixels as pairs: two neighbours along the axis to be resampled side by side, as 16-bit numbers.</summary>
/// <remarks>
/// A slot holds one pair of each of eight parallel lines: the eight pairs of red, then those of green, then those of blue; the fourth byte
/// of a pixel is dropped. So a weighted sum along the axis needs no rearranging between its taps, and eight lines share the weights.
/// </remarks>
internal static class PixelPairs
{
    /// <summary>Samples of a pair.</summary>
    public const int Samples = 2;

    /// <summary>Parallel lines of a slot.</summary>
    public const int Lines = 8;

    /// <summary>Pairs of a slot: eight lines of three channels.</summary>
    public const int Lanes = Lines * Channels;

    /// <summary>Numbers of a slot.</summary>
    public const int SlotLength = Lanes * Samples;

    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    private const int PixelBytes = 4;

    /// <summary>Slots made of 16 bytes of each row by <see cref="FromRows"/>.</summary>
    private const int SlotsPerStep = 2;

    /// <summary>The definition of <see cref="FromRows"/>: lines are eight rows, pairs lie along them.</summary>
    /// <param name="rows">Eight rows of <paramref name="stride"/> bytes.</param>
    /// <param name="stride">Bytes from one row to the next; a multiple of 16.</param>
    /// <param name="first">The first slot to make, counted from the start of the rows; even.</param>
    /// <param name="count">How many; even.</param>
    /// <param name="ring">Room for an even number of slots; slot s lies at <c>s % slots</c>.</param>
    public static void RowsReference(ReadOnlySpan<byte> rows, int stride, int first, int count, Span<short> ring)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            Span<short> target = ring.Slice(slot % (ring.Length / SlotLength) * SlotLength, SlotLength);
            for (int i = 0; i < SlotLength; i++)
                target[i] = rows[i / Samples % Lines * stride + (slot * Samples + i % Samples) * PixelBytes + i / Samples / Lines];
        }
    }

    /// <summary>The definition of <see cref="FromColumns"/>: lines are eight columns, a pair is made of two rows.</summary>
    /// <param name="rows">Two rows of <paramref name="stride"/> bytes.</param>
    /// <param name="stride">Bytes from one row to the next; a multiple of 32.</param>
    /// <param name="slots">One slot for every eight pixels of a row.</param>
    /// <param name="slotStride">Numbers from one of these slots to the next.</param>
    public static void ColumnsReference(ReadOnlySpan<byte> rows, int stride, Span<short> slots, int slotStride)
    {
        for (int slot = 0; slot < stride / (Lines * PixelBytes); slot++)
        {
            for (int i = 0; i < SlotLength; i++)
                slots[slot * slotStride + i] = rows[i % Samples * stride + (slot * Lines + i / Samples % Lines) * PixelBytes + i / Samples / Lines];
        }
    }

    /// <summary>Equal to <see cref="RowsReference"/>, with the widest instructions at hand.</summary>
    public static void FromRows(ReadOnlySpan<byte> rows, int stride, int first, int count, Span<short> ring)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, Lines * stride, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, (first + count) * Samples * PixelBytes, nameof(stride));
        ArgumentOutOfRangeException.ThrowIfNotEqual((first | count | ring.Length / SlotLength) % SlotsPerStep, 0, nameof(count));
        ArgumentOutOfRangeException.ThrowIfLessThan(ring.Length, SlotsPerStep * SlotLength, nameof(ring));
        if (Avx2.IsSupported)
            FromRows256(rows, stride, first, count, ring);
        else
            RowsReference(rows, stride, first, count, ring);
    }

    /// <summary>Equal to <see cref="ColumnsReference"/>, with the widest instructions at hand.</summary>
    public static void FromColumns(ReadOnlySpan<byte> rows, int stride, Span<short> slots, int slotStride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, Samples * stride, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfLessThan(slots.Length, (stride / (Lines * PixelBytes) - 1) * slotStride + SlotLength, nameof(slots));
        if (Vector256.IsHardwareAccelerated)
            FromColumns256(rows, stride, slots, slotStride);
        else
            ColumnsReference(rows, stride, slots, slotStride);
    }

    /// <summary>
    /// Four pixels of eight rows at a time; rows n and n + 4 share a register. Bytes are ordered r0 r2 r1 r3 g0 … b0 …, and four bytes of the
    /// same channel of all rows brought together: a mask then leaves pairs (0, 1), a shift pairs (2, 3).
    /// </summary>
    internal static void FromRows256(ReadOnlySpan<byte> rows, int stride, int first, int count, Span<short> ring)
    {
        Vector256<byte> order = Vector256.Create(Vector128.Create((byte)0, 8, 4, 12, 1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15));
        ref byte source = ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), (nint)first * Samples * PixelBytes);
        ref short slots = ref MemoryMarshal.GetReference(ring);
        nint upper = (nint)4 * stride, end = ring.Length / SlotLength, at = first % end;
        for (int left = count; left > 0; left -= SlotsPerStep)
        {
            Vector256<int> a = Load(ref source, upper, order), b = Load(ref Unsafe.Add(ref source, stride), upper, order);
            Vector256<int> c = Load(ref Unsafe.Add(ref source, 2 * stride), upper, order), d = Load(ref Unsafe.Add(ref source, 3 * stride), upper, order);
            Vector256<long> redGreenAb = Avx2.UnpackLow(a, b).AsInt64(), redGreenCd = Avx2.UnpackLow(c, d).AsInt64();
            Vector256<long> blueAb = Avx2.UnpackHigh(a, b).AsInt64(), blueCd = Avx2.UnpackHigh(c, d).AsInt64();
            ref short slot = ref Unsafe.Add(ref slots, at * SlotLength);
            Store(Avx2.UnpackLow(redGreenAb, redGreenCd).AsInt16(), ref slot);
            Store(Avx2.UnpackHigh(redGreenAb, redGreenCd).AsInt16(), ref Unsafe.Add(ref slot, 16));
            Store(Avx2.UnpackLow(blueAb, blueCd).AsInt16(), ref Unsafe.Add(ref slot, 32));
            source = ref Unsafe.Add(ref source, SlotsPerStep * Samples * PixelBytes);
            at = at + SlotsPerStep == end ? 0 : at + SlotsPerStep;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Load(ref byte at, nint upper, Vector256<byte> order) =>
            Avx2.Shuffle(Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref Unsafe.Add(ref at, upper))), order).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(Vector256<short> fours, ref short slot)
        {
            (fours & Vector256.Create((short)0xFF)).StoreUnsafe(ref slot);
            (fours >>> 8).StoreUnsafe(ref slot, SlotLength);
        }
    }

    /// <summary>Eight pixels of two rows at a time, each in a 32-bit lane: a channel's byte of the second row is moved above the first row's.</summary>
    internal static void FromColumns256(ReadOnlySpan<byte> rows, int stride, Span<short> slots, int slotStride)
    {
        Vector256<uint> low = Vector256.Create(0xFFu), high = Vector256.Create(0xFF0000u);
        ref byte source = ref MemoryMarshal.GetReference(rows);
        ref short target = ref MemoryMarshal.GetReference(slots);
        for (int slot = 0; slot < stride / (Lines * PixelBytes); slot++)
        {
            Vector256<uint> upper = Vector256.LoadUnsafe(ref source).AsUInt32(), lower = Vector256.LoadUnsafe(ref source, (nuint)stride).AsUInt32();
            (upper & low | lower << 16 & high).AsInt16().StoreUnsafe(ref target);
            (upper >>> 8 & low | lower << 8 & high).AsInt16().StoreUnsafe(ref target, 16);
            (upper >>> 16 & low | lower & high).AsInt16().StoreUnsafe(ref target, 32);
            source = ref Unsafe.Add(ref source, Lines * PixelBytes);
            target = ref Unsafe.Add(ref target, slotStride);
        }
    }
}
