using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels;

/// <summary>Resamples one row of 4-byte pixels: every output pixel is a weighted sum of neighbours in the row, each byte for itself.</summary>
internal static class ResampleRow
{
    /// <summary>Pixels that must be readable after the last one of a row: taps come in groups, and surplus ones weigh nothing.</summary>
    public const int PaddingPixels = ResampleWeights.TapGroup - 1;

    /// <summary>The definition.</summary>
    /// <param name="row"><c>InputSize</c> pixels and <see cref="PaddingPixels"/> more of any value.</param>
    /// <param name="weights">The row's weights.</param>
    /// <param name="output"><c>OutputSize</c> pixels.</param>
    public static void Reference(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        for (int x = 0; x < weights.OutputSize; x++)
        {
            ReadOnlySpan<int> w = weights.Weights(x);
            int first = weights.First(x);
            for (int channel = 0; channel < 4; channel++)
            {
                int sum = 1 << (ResampleWeights.FractionBits - 1);
                for (int t = 0; t < w.Length; t++)
                    sum += row[(first + t) * 4 + channel] * w[t];
                output[x * 4 + channel] = (byte)Math.Clamp(sum >> ResampleWeights.FractionBits, 0, 255);
            }
        }
    }

    /// <summary>Equal to <see cref="Reference"/> bit for bit, with the widest instructions at hand.</summary>
    public static void Run(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, (weights.InputSize + PaddingPixels) * 4, nameof(row));
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, weights.OutputSize * 4, nameof(output));
        if (Avx2.IsSupported)
            Run256(row, weights, output);
        else if (Vector128.IsHardwareAccelerated)
            Run128(row, weights, output);
        else
            Reference(row, weights, output);
    }

    /// <summary>
    /// Four taps at a time. Bytes of pixels 0 1 2 3 are ordered r0 r1 g0 g1 b0 b1 a0 a1 | r2 r3 g2 g3 …, widened to 16 bits and multiplied
    /// pairwise with (w0, w1) in the lower and (w2, w3) in the upper lane: each 32-bit lane then holds one channel's sum of two taps.
    /// High and low halves of the weights have accumulators of their own; sums of products stay exact in 32 bits.
    /// </summary>
    internal static void Run256(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        Vector128<byte> order = Vector128.Create((byte)0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
        Vector256<int> lanes = Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1);
        Vector128<int> half = Vector128.Create(1 << (ResampleWeights.FractionBits - 1));
        ref byte source = ref MemoryMarshal.GetReference(row);
        ref byte target = ref MemoryMarshal.GetReference(output);
        ref byte high = ref Unsafe.As<short, byte>(ref Unsafe.AsRef(in weights.High));
        ref byte low = ref Unsafe.As<short, byte>(ref Unsafe.AsRef(in weights.Low));
        for (int x = 0; x < weights.OutputSize; x++)
        {
            ref byte pixels = ref Unsafe.Add(ref source, (nint)weights.First(x) * 4);
            int count = weights.Count(x);
            nint offset = (nint)x * weights.Taps * sizeof(short);
            Vector256<int> highSum = Vector256<int>.Zero, lowSum = Vector256<int>.Zero;
            for (int t = 0; t < count; t += 4, offset += 8)
            {
                Vector256<short> values = Avx2.ConvertToVector256Int16(
                    Ssse3.Shuffle(Vector128.LoadUnsafe(ref pixels, (nuint)t * 4), order));
                highSum += Avx2.MultiplyAddAdjacent(values, Pairs(ref high, offset, lanes));
                lowSum += Avx2.MultiplyAddAdjacent(values, Pairs(ref low, offset, lanes));
            }
            Vector256<int> both = (highSum << ResampleWeights.LowBits) + lowSum;
            Vector128<int> sum = (both.GetLower() + both.GetUpper() + half) >> ResampleWeights.FractionBits;
            Vector128<short> words = Sse2.PackSignedSaturate(sum, sum);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, (nint)x * 4), Sse2.PackUnsignedSaturate(words, words).AsInt32().ToScalar());
        }
    }

    /// <summary>Four 16-bit weights as (w0, w1) four times and (w2, w3) four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(ref byte weights, nint offset, Vector256<int> lanes)
    {
        long four = Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref weights, offset));
        return Avx2.PermuteVar8x32(Vector128.CreateScalarUnsafe(four).AsInt32().ToVector256Unsafe(), lanes).AsInt16();
    }

    /// <summary>One tap at a time: the four channels of a pixel are the four lanes.</summary>
    internal static void Run128(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        Vector128<int> half = Vector128.Create(1 << (ResampleWeights.FractionBits - 1));
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(row);
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(output);
        for (int x = 0; x < weights.OutputSize; x++)
        {
            int first = weights.First(x);
            ReadOnlySpan<int> w = weights.Weights(x);
            Vector128<int> sum = half;
            for (int t = 0; t < w.Length; t++)
            {
                Vector128<ushort> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixels[first + t]).AsByte());
                sum += Vector128.WidenLower(wide).AsInt32() * w[t];
            }
            sum = Vector128.Clamp(sum >> ResampleWeights.FractionBits, Vector128<int>.Zero, Vector128.Create(255));
            Vector128<short> words = Vector128.Narrow(sum, sum);
            target[x] = Vector128.Narrow(words.AsUInt16(), words.AsUInt16()).AsUInt32().ToScalar();
        }
    }
}
