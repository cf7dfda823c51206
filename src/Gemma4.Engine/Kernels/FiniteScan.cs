using System.Numerics;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Looks for numbers that are none, or infinite, among stored floating-point numbers: those whose exponent bits are all ones.</summary>
/// <remarks>As fast as memory is read: four vectors of 256 bits are looked at together, and only a hit is looked for.</remarks>
internal static unsafe class FiniteScan
{
    /// <summary>Exponent bits of a bfloat16.</summary>
    public const ushort BFloat16Exponent = 0x7F80;

    /// <summary>Exponent bits of a float16.</summary>
    public const ushort Float16Exponent = 0x7C00;

    /// <summary>Exponent bits of a float32.</summary>
    public const uint Float32Exponent = 0x7F800000;

    /// <summary>The definition.</summary>
    public static long Reference<T>(ReadOnlySpan<T> numbers, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if ((numbers[i] & exponent) == exponent)
                return i;
        }
        return -1;
    }

    /// <summary>Index of the first that is not finite; −1 where all are.</summary>
    /// <param name="numbers">Their bits.</param>
    /// <param name="count">How many.</param>
    /// <param name="exponent">The exponent bits of their format.</param>
    public static long Run<T>(T* numbers, long count, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector256<T> mask = Vector256.Create(exponent);
        int lanes = Vector256<T>.Count;
        long i = 0;
        for (; i + 4 * lanes <= count; i += 4 * lanes)
        {
            T* p = numbers + i;
            Vector256<T> hits = IsOnes(Vector256.Load(p), mask) | IsOnes(Vector256.Load(p + lanes), mask)
                | IsOnes(Vector256.Load(p + 2 * lanes), mask) | IsOnes(Vector256.Load(p + 3 * lanes), mask);
            if (hits != Vector256<T>.Zero)
                return i + Reference(new ReadOnlySpan<T>(p, 4 * lanes), exponent);
        }
        long rest = Reference(new ReadOnlySpan<T>(numbers + i, (int)(count - i)), exponent);
        return rest < 0 ? -1 : i + rest;
    }

    private static Vector256<T> IsOnes<T>(Vector256<T> numbers, Vector256<T> mask) => Vector256.Equals(numbers & mask, mask);
}
