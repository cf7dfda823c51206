using Gemma4.Engine.Backends;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

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
    /// <param name="format">bfloat16, float16 or float32.</param>
    /// <param name="count">How many.</param>
    /// <param name="backend">Whose threads share the work; null for this one alone.</param>
    public static long FirstNonFinite(byte* data, WeightFormat format, long count, Backend? backend)
    {
        var scan = new Scan(data, format, count);
        int parts = checked((int)((count + ElementsPerPart - 1) / ElementsPerPart));
        if (backend is null || parts < 2)
        {
            for (int part = 0; part < parts; part++)
                scan.Run(part, worker: 0);
        }
        else
        {
            backend.ShareOut(parts, scan);
        }
        return scan.First;
    }

    /// <summary>A part is a stretch of elements.</summary>
    private sealed class Scan(byte* data, WeightFormat format, long count) : IParts
    {
        private long _first = long.MaxValue;

        public long First => _first == long.MaxValue ? -1 : _first;

        public void Run(int part, int worker)
        {
            long start = part * ElementsPerPart, length = Math.Min(ElementsPerPart, count - start);
            long found = format switch
            {
                WeightFormat.BFloat16 => FiniteScan.Run((ushort*)data + start, length, FiniteScan.BFloat16Exponent),
                WeightFormat.Float16 => FiniteScan.Run((ushort*)data + start, length, FiniteScan.Float16Exponent),
                WeightFormat.Float32 => FiniteScan.Run((uint*)data + start, length, FiniteScan.Float32Exponent),
                _ => throw new ArgumentException($"{format} is not scanned.", nameof(format)),
            };
            if (found < 0)
                return;
            found += start;
            for (long before = Volatile.Read(ref _first); found < before; before = Volatile.Read(ref _first))
                Interlocked.CompareExchange(ref _first, found, before);
        }
    }
}
