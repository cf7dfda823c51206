using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels;

/// <summary>Makes one output row of bytes as the weighted sum of neighbouring rows that lie in a ring of rows.</summary>
internal static class ResampleColumns
{
    /// <summary>The definition: <c>output[i] = clamp(round(sum over t of weights[t] * row(first + t)[i]))</c>.</summary>
    /// <param name="ring">Rows of <paramref name="stride"/> bytes; row r lies at <c>r % (ring.Length / stride)</c>.</param>
    /// <param name="stride">Bytes of a row in the ring; at least <c>output.Length</c>.</param>
    /// <param name="first">The first row to read.</param>
    /// <param name="weights">One weight a row, 22-bit fixed point.</param>
    /// <param name="output">The row to write.</param>
    /// <param name="start">Bytes before this one are left as they are.</param>
    public static void Reference(ReadOnlySpan<byte> ring, int stride, int first, ReadOnlySpan<int> weights, Span<byte> output, int start = 0)
    {
        int rows = ring.Length / stride;
        for (int i = start; i < output.Length; i++)
        {
            int sum = 1 << (ResampleWeights.FractionBits - 1);
            for (int t = 0; t < weights.Length; t++)
                sum += ring[(first + t) % rows * stride + i] * weights[t];
            output[i] = (byte)Math.Clamp(sum >> ResampleWeights.FractionBits, 0, 255);
        }
    }

    /// <summary>Equal to <see cref="Reference"/> bit for bit, with the widest instructions at hand.</summary>
    public static void Run(ReadOnlySpan<byte> ring, int stride, int first, ReadOnlySpan<int> weights, Span<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, output.Length, nameof(stride));
        ArgumentOutOfRangeException.ThrowIfLessThan(ring.Length / stride, weights.Length, nameof(ring));
        int done = Avx2.IsSupported ? Run256(ring, stride, first, weights, output)
            : Vector128.IsHardwareAccelerated ? Run128(ring, stride, first, weights, output)
            : 0;
        Reference(ring, stride, first, weights, output, start: done);
    }

    /// <summary>
    /// Sixteen columns and two rows at a time. Bytes a of one row and b of the next are interleaved a0 b0 a1 b1 …, widened to 16 bits and
    /// multiplied pairwise with (w[t], w[t + 1]): each 32-bit lane then holds one column's sum of two taps. High and low halves of the
    /// weights (<see cref="ResampleWeights.LowBits"/>) have accumulators of their own; sums of products stay exact in 32 bits.
    /// </summary>
    internal static int Run256(ReadOnlySpan<byte> ring, int stride, int first, ReadOnlySpan<int> weights, Span<byte> output)
    {
        Vector256<int> half = Vector256.Create(1 << (ResampleWeights.FractionBits - 1));
        ref byte source = ref MemoryMarshal.GetReference(ring);
        int rows = ring.Length / stride;
        int i = 0;
        for (; i + 16 <= output.Length; i += 16)
        {
            Vector256<int> highLeft = default, highRight = default, lowLeft = default, lowRight = default;
            int row = first % rows;
            for (int t = 0; t < weights.Length; t += 2)
            {
                Vector128<byte> a = Vector128.LoadUnsafe(ref source, (nuint)row * (nuint)stride + (nuint)i);
                row = row + 1 == rows ? 0 : row + 1;
                int next = t + 1 < weights.Length ? weights[t + 1] : 0; // an odd last tap is paired with whatever row, times 0
                Vector128<byte> b = Vector128.LoadUnsafe(ref source, (nuint)row * (nuint)stride + (nuint)i);
                row = row + 1 == rows ? 0 : row + 1;
                Vector256<short> left = Avx2.ConvertToVector256Int16(Sse2.UnpackLow(a, b));
                Vector256<short> right = Avx2.ConvertToVector256Int16(Sse2.UnpackHigh(a, b));
                Vector256<short> high = Pair(weights[t] >> ResampleWeights.LowBits, next >> ResampleWeights.LowBits);
                Vector256<short> low = Pair(weights[t] & LowMask, next & LowMask);
                highLeft += Avx2.MultiplyAddAdjacent(left, high);
                highRight += Avx2.MultiplyAddAdjacent(right, high);
                lowLeft += Avx2.MultiplyAddAdjacent(left, low);
                lowRight += Avx2.MultiplyAddAdjacent(right, low);
            }
            Vector256<int> sumLeft = ((highLeft << ResampleWeights.LowBits) + lowLeft + half) >> ResampleWeights.FractionBits;
            Vector256<int> sumRight = ((highRight << ResampleWeights.LowBits) + lowRight + half) >> ResampleWeights.FractionBits;
            Vector128<short> lower = Sse2.PackSignedSaturate(sumLeft.GetLower(), sumLeft.GetUpper());
            Vector128<short> upper = Sse2.PackSignedSaturate(sumRight.GetLower(), sumRight.GetUpper());
            Sse2.PackUnsignedSaturate(lower, upper).CopyTo(output[i..]);
        }
        return i;
    }

    private const int LowMask = (1 << ResampleWeights.LowBits) - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(int even, int odd) => Vector256.Create((odd << 16) | (even & 0xFFFF)).AsInt16();

    /// <summary>Sixteen columns and one row at a time, in four accumulators of four 32-bit lanes.</summary>
    internal static int Run128(ReadOnlySpan<byte> ring, int stride, int first, ReadOnlySpan<int> weights, Span<byte> output)
    {
        Vector128<int> half = Vector128.Create(1 << (ResampleWeights.FractionBits - 1));
        int rows = ring.Length / stride;
        int i = 0;
        for (; i + 16 <= output.Length; i += 16)
        {
            Vector128<int> s0 = half, s1 = half, s2 = half, s3 = half;
            for (int t = 0; t < weights.Length; t++)
            {
                Vector128<byte> bytes = Vector128.Create(ring.Slice((first + t) % rows * stride + i, 16));
                (Vector128<ushort> left, Vector128<ushort> right) = Vector128.Widen(bytes);
                (Vector128<uint> p0, Vector128<uint> p1) = Vector128.Widen(left);
                (Vector128<uint> p2, Vector128<uint> p3) = Vector128.Widen(right);
                s0 += p0.AsInt32() * weights[t];
                s1 += p1.AsInt32() * weights[t];
                s2 += p2.AsInt32() * weights[t];
                s3 += p3.AsInt32() * weights[t];
            }
            Vector128<short> lower = Vector128.Narrow(ToByteRange(s0), ToByteRange(s1));
            Vector128<short> upper = Vector128.Narrow(ToByteRange(s2), ToByteRange(s3));
            Vector128.Narrow(lower.AsUInt16(), upper.AsUInt16()).CopyTo(output[i..]);
        }
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ToByteRange(Vector128<int> sum) =>
        Vector128.Clamp(sum >> ResampleWeights.FractionBits, Vector128<int>.Zero, Vector128.Create(255));
}
