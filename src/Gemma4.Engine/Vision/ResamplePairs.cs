using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Vision;

/// <summary>Makes samples of eight parallel lines of three channels as weighted sums along pairs (<see cref="PixelPairs"/>).</summary>
/// <remarks>
/// Weights are loaded once for 24 sums, and a result is written where the next step wants it: as pairs of the other axis
/// (<see cref="ToPairs"/>) or as a part of a patch (<see cref="ToUnits"/>).
/// </remarks>
internal static class ResamplePairs
{
    /// <summary>Slots eight lines fill as pairs of the other axis.</summary>
    public const int SlotsOfLines = PixelPairs.Lines / PixelPairs.Samples;

    /// <summary>The reference multiplies by <c>rescale_factor</c> = 1/255 in double and rounds to float32.</summary>
    private const double RescaleFactor = 0.00392156862745098;

    /// <summary>The definition: lane i of sample j is <c>clamp(round(sum over t of weights[j][t] * lane i of sample first[j] + t))</c>.</summary>
    /// <param name="ring">Slots of <see cref="PixelPairs.SlotLength"/>; slot s of the axis lies at <c>s % count</c>.</param>
    /// <param name="weights">The axis.</param>
    /// <param name="index">The sample.</param>
    /// <param name="lanes">The 24 results.</param>
    public static void Reference(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<int> lanes)
    {
        ReadOnlySpan<int> w = weights.Weights(index);
        int slots = ring.Length / PixelPairs.SlotLength, first = weights.First(index);
        for (int lane = 0; lane < PixelPairs.Lanes; lane++)
        {
            int sum = ResampleWeights.Half;
            for (int t = first; t < first + w.Length; t++)
                sum += ring[t / PixelPairs.Samples % slots * PixelPairs.SlotLength + lane * PixelPairs.Samples + t % PixelPairs.Samples] * w[t - first];
            lanes[lane] = Math.Clamp(sum >> ResampleWeights.FractionBits, 0, 255);
        }
    }

    /// <summary>Samples <paramref name="first"/> to <paramref name="first"/> + 7 of eight lines, as pairs of the other axis.</summary>
    /// <param name="ring">Lines of this axis, all red, all green, all blue, as <see cref="Reference"/> reads them.</param>
    /// <param name="weights">The axis.</param>
    /// <param name="first">The first sample, in stored order; in the target they are in the order shown.</param>
    /// <param name="target">Four slots, for lines 0 and 1 to lines 6 and 7; a sample's red, green and blue are neighbours.</param>
    public static void ToPairs(ReadOnlySpan<short> ring, ResampleWeights weights, int first, Span<short> target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, SlotsOfLines * PixelPairs.SlotLength, nameof(target));
        CheckRing(ring, weights);
        if (Avx2.IsSupported)
            ToPairs256(ring, weights, first, target);
        else
            ToPairs128(ring, weights, first, target);
    }

    /// <summary>Sample <paramref name="index"/> of all lanes, in 0..1 as the reference scales it.</summary>
    /// <param name="ring">Lanes in the order wanted, as <see cref="Reference"/> reads them.</param>
    /// <param name="weights">The axis.</param>
    /// <param name="index">The sample, in stored order.</param>
    /// <param name="target">24 values.</param>
    public static void ToUnits(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, PixelPairs.Lanes, nameof(target));
        CheckRing(ring, weights);
        if (Avx2.IsSupported)
            ToUnits256(ring, weights, index, target);
        else
            ToUnits128(ring, weights, index, target);
    }

    private static void CheckRing(ReadOnlySpan<short> ring, ResampleWeights weights) =>
        ArgumentOutOfRangeException.ThrowIfLessThan(ring.Length, weights.Pairs * PixelPairs.SlotLength, nameof(ring));

    internal static void ToPairs256(ReadOnlySpan<short> ring, ResampleWeights weights, int first, Span<short> target)
    {
        ref short lines = ref MemoryMarshal.GetReference(ring), lanes = ref MemoryMarshal.GetReference(target);
        ref int factors = ref Factors(weights, first);
        int slots = ring.Length / PixelPairs.SlotLength, pairs = weights.Pairs;
        nint step = PixelPairs.Channels * PixelPairs.Samples;
        if (weights.Mirrored)
        {
            lanes = ref Unsafe.Add(ref lanes, (PixelPairs.Lines - 1) * step);
            step = -step;
        }
        for (int i = 0; i < PixelPairs.Lines; i++)
        {
            (Vector256<int> red, Vector256<int> green, Vector256<int> blue) = Sum256(ref lines, slots, weights.FirstPair(first + i), ref factors, pairs);
            // Lines 0 to 3 of red and of green in the lower half, 4 to 7 in the upper; neighbours in it are pairs.
            Vector256<float> redGreen = ToBytes(red, green), onlyBlue = ToBytes(blue, blue);
            Vector256<float> even = Avx.Shuffle(redGreen, onlyBlue, 0b00_00_10_00), odd = Avx.Shuffle(redGreen, onlyBlue, 0b01_01_11_01);
            Store(even.GetLower(), ref lanes);
            Store(odd.GetLower(), ref Unsafe.Add(ref lanes, PixelPairs.SlotLength));
            Store(even.GetUpper(), ref Unsafe.Add(ref lanes, 2 * PixelPairs.SlotLength));
            Store(odd.GetUpper(), ref Unsafe.Add(ref lanes, 3 * PixelPairs.SlotLength));
            lanes = ref Unsafe.Add(ref lanes, step);
            factors = ref Unsafe.Add(ref factors, pairs * 2);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> ToBytes(Vector256<int> left, Vector256<int> right) =>
            Vector256.Min(Avx2.PackUnsignedSaturate(left, right), Vector256.Create((ushort)255)).AsSingle();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(Vector128<float> pairs, ref short lanes)
        {
            Unsafe.WriteUnaligned(ref Unsafe.As<short, byte>(ref lanes), pairs.AsInt64().ToScalar());
            Unsafe.WriteUnaligned(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref lanes, 4)), pairs.AsInt32().GetElement(2));
        }
    }

    internal static void ToPairs128(ReadOnlySpan<short> ring, ResampleWeights weights, int first, Span<short> target)
    {
        Span<int> lanes = stackalloc int[PixelPairs.Lanes];
        for (int i = 0; i < PixelPairs.Lines; i++)
        {
            Sum128(ring, weights, first + i, lanes);
            int place = weights.Mirrored ? PixelPairs.Lines - 1 - i : i;
            for (int lane = 0; lane < PixelPairs.Lanes; lane++)
            {
                int line = lane % PixelPairs.Lines, channel = lane / PixelPairs.Lines;
                int slot = line / PixelPairs.Samples * PixelPairs.SlotLength;
                target[slot + (place * PixelPairs.Channels + channel) * PixelPairs.Samples + line % PixelPairs.Samples] = (short)lanes[lane];
            }
        }
    }

    internal static void ToUnits256(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<float> target)
    {
        (Vector256<int> a, Vector256<int> b, Vector256<int> c) = Sum256(
            ref MemoryMarshal.GetReference(ring), ring.Length / PixelPairs.SlotLength, weights.FirstPair(index), ref Factors(weights, index), weights.Pairs);
        ref float units = ref MemoryMarshal.GetReference(target);
        Store(a, ref units);
        Store(b, ref Unsafe.Add(ref units, 8));
        Store(c, ref Unsafe.Add(ref units, 16));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(Vector256<int> sum, ref float units)
        {
            Vector256<int> value = Vector256.Clamp(sum, Vector256<int>.Zero, Vector256.Create(255));
            Vector256<double> scale = Vector256.Create(RescaleFactor);
            Avx.ConvertToVector128Single(Avx.ConvertToVector256Double(value.GetLower()) * scale).StoreUnsafe(ref units);
            Avx.ConvertToVector128Single(Avx.ConvertToVector256Double(value.GetUpper()) * scale).StoreUnsafe(ref units, 4);
        }
    }

    internal static void ToUnits128(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<float> target)
    {
        Span<int> lanes = stackalloc int[PixelPairs.Lanes];
        Sum128(ring, weights, index, lanes);
        for (int lane = 0; lane < lanes.Length; lane++)
            target[lane] = (float)(lanes[lane] * RescaleFactor);
    }

    private static ref int Factors(ResampleWeights weights, int index) =>
        ref Unsafe.As<short, int>(ref MemoryMarshal.GetReference(weights.PairFactors(index)));

    /// <summary>
    /// All 24 lanes, rounded, not clamped. A pair is multiplied with the factors' pair and added: each 32-bit lane then holds its sum of two
    /// taps. High and low factors (<see cref="ResampleWeights.LowBits"/>) have accumulators of their own; sums of products stay exact in 32 bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int> A, Vector256<int> B, Vector256<int> C) Sum256(ref short ring, int slots, int at, ref int factors, int pairs)
    {
        if (at >= slots)
            at %= slots;
        Vector256<int> highA = default, highB = default, highC = default;
        Vector256<int> lowA = Vector256.Create(ResampleWeights.Half), lowB = lowA, lowC = lowA;
        for (int left = pairs; left > 0; at = 0)
        {
            ref short slot = ref Unsafe.Add(ref ring, (nint)at * PixelPairs.SlotLength);
            int run = Math.Min(left, slots - at); // up to where the ring begins again
            left -= run;
            for (; run > 0; run--)
            {
                Vector256<short> high = Vector256.Create(factors).AsInt16(), low = Vector256.Create(Unsafe.Add(ref factors, 1)).AsInt16();
                factors = ref Unsafe.Add(ref factors, 2);
                Vector256<short> a = Vector256.LoadUnsafe(ref slot), b = Vector256.LoadUnsafe(ref slot, 16), c = Vector256.LoadUnsafe(ref slot, 32);
                slot = ref Unsafe.Add(ref slot, PixelPairs.SlotLength);
                highA += Avx2.MultiplyAddAdjacent(a, high);
                highB += Avx2.MultiplyAddAdjacent(b, high);
                highC += Avx2.MultiplyAddAdjacent(c, high);
                lowA += Avx2.MultiplyAddAdjacent(a, low);
                lowB += Avx2.MultiplyAddAdjacent(b, low);
                lowC += Avx2.MultiplyAddAdjacent(c, low);
            }
        }
        return (Round(highA, lowA), Round(highB, lowB), Round(highC, lowC));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Round(Vector256<int> high, Vector256<int> low) => (high << ResampleWeights.LowBits) + low >> ResampleWeights.FractionBits;
    }

    /// <summary>All 24 lanes, rounded and clamped, four at a time and one tap after the other.</summary>
    private static void Sum128(ReadOnlySpan<short> ring, ResampleWeights weights, int index, Span<int> lanes)
    {
        ReadOnlySpan<int> pairs = MemoryMarshal.Cast<short, int>(ring), w = weights.PairWeights(index);
        int slots = ring.Length / PixelPairs.SlotLength, first = weights.FirstPair(index);
        for (int lane = 0; lane < PixelPairs.Lanes; lane += Vector128<int>.Count)
        {
            Vector128<int> sum = Vector128.Create(ResampleWeights.Half);
            for (int p = 0; p < weights.Pairs; p++)
            {
                Vector128<int> four = Vector128.Create(pairs.Slice((first + p) % slots * PixelPairs.Lanes + lane, Vector128<int>.Count));
                sum += (four & Vector128.Create(0xFFFF)) * w[p * 2] + (four >> 16) * w[p * 2 + 1];
            }
            Vector128.Clamp(sum >> ResampleWeights.FractionBits, Vector128<int>.Zero, Vector128.Create(255)).CopyTo(lanes[lane..]);
        }
    }
}
