using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Looks through stored weights for what would make every answer "not a number".</summary>
/// <remarks>
/// In full: the first step reads every weight anyway, and scanning them brings them into the page cache. A gibibyte of bfloat16 in memory takes
/// 0.28 s on one thread and 0.22 s on two (best of four; two processors of an AMD EPYC that others kept busy, 2026-11-28), the speed of that
/// memory: 1 s for E2B. From a disk it takes what the disk takes.
/// </remarks>
internal static unsafe class WeightScan
{
    private const long ElementsPerPart = 1 << 20;

    /// <summary>Index of the first element that is not finite; −1 where all are.</summary>
    /// <param name="data">The elements; may be unaligned.</param>
    /// <param name="dtype">bfloat16, float16 or float32.</param>
    /// <param name="count">How many.</param>
    /// <param name="cpu">Whose threads share the work; null for this one alone.</param>
    public static long FirstNonFinite(byte* data, ScalarType dtype, long count, CpuProducts? cpu)
    {
        long first = long.MaxValue;
        int parts = checked((int)((count + ElementsPerPart - 1) / ElementsPerPart));
        if (cpu is null || parts < 2)
        {
            for (int part = 0; part < parts; part++)
                Scan(part);
        }
        else
        {
            cpu.Team.Run(parts, Scan);
        }
        return first == long.MaxValue ? -1 : first;

        void Scan(int part)
        {
            long start = part * ElementsPerPart, length = Math.Min(ElementsPerPart, count - start);
            long found = dtype switch
            {
                ScalarType.BFloat16 => FiniteScan.Run((ushort*)data + start, length, FiniteScan.BFloat16Exponent),
                ScalarType.Float16 => FiniteScan.Run((ushort*)data + start, length, FiniteScan.Float16Exponent),
                ScalarType.Float32 => FiniteScan.Run((uint*)data + start, length, FiniteScan.Float32Exponent),
                _ => throw new ArgumentException($"{dtype} is no stored format of weights.", nameof(dtype)),
            };
            if (found < 0)
                return;
            found += start;
            for (long before = Volatile.Read(ref first); found < before; before = Volatile.Read(ref first))
                Interlocked.CompareExchange(ref first, found, before);
        }
    }
}
