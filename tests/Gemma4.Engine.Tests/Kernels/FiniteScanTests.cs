using System.Numerics;
using Gemma4.Engine.Kernels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class FiniteScanTests
{
    [Fact]
    public void One_bad_number_is_found_at_every_place_of_every_length()
    {
        Check<ushort>(FiniteScan.BFloat16Exponent, [0x7F80, 0xFF80, 0x7FC0, 0x7F81], [0, 0x8000, 0x7F7F, 0x0080, 0x3F80]);
        Check<ushort>(FiniteScan.Float16Exponent, [0x7C00, 0xFC00, 0x7E00], [0, 0x7BFF, 0xFBFF, 0x0001]);
        Check<uint>(FiniteScan.Float32Exponent, [0x7F800000, 0xFFC00000, 0x7F800001], [0, 0x7F7FFFFF, 0xFF7FFFFF, 1]);
    }

    private static void Check<T>(T exponent, T[] bad, T[] good)
        where T : unmanaged, IBinaryInteger<T>
    {
        using var memory = new GuardedMemory(257 * sizeof(T));
        for (int n = 0; n <= 257; n++)
        {
            Span<T> numbers = n % 2 == 0 ? memory.AtStart<T>(n) : memory.AtEnd<T>(n);
            for (int i = 0; i < n; i++)
                numbers[i] = good[i % good.Length];
            fixed (T* p = numbers)
            {
                Assert.Equal(-1, FiniteScan.Run(p, n, exponent));
                for (int at = 0; at < n; at++)
                {
                    T kept = numbers[at];
                    numbers[at] = bad[at % bad.Length];
                    Assert.Equal(at, FiniteScan.Run(p, n, exponent));
                    numbers[at] = kept;
                }
            }
        }
    }
}
