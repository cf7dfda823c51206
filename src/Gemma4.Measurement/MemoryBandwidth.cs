using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;

namespace Gemma4.Measurement;

/// <summary>How fast threads read memory, nothing else: the limit of decoding.</summary>
internal static class MemoryBandwidth
{
    /// <summary>Far more than caches hold.</summary>
    private const long Bytes = 1L << 30;

    private const int Rounds = 5;

    /// <summary>Reads a gibibyte some times with all threads at once.</summary>
    /// <param name="threads">How many.</param>
    /// <returns>Bytes a second of the fastest round.</returns>
    public static double Measure(int threads)
    {
        using var memory = new HostMemory(Bytes);
        using var team = new ThreadTeam(threads);
        var work = new Work(memory);
        team.Run(Work.NumParts, work with { Writes = true });      // a page that nobody wrote is no memory yet
        double best = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            team.Run(Work.NumParts, work);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return Bytes / best;
    }

    /// <summary>A part is a piece of the memory.</summary>
    private sealed unsafe record Work(HostMemory Memory) : IParts
    {
        private const long PartBytes = 1 << 20;

        public const int NumParts = (int)(Bytes / PartBytes);

        public bool Writes { get; init; }

        public void Run(int part, int worker)
        {
            byte* start = Memory.Data + part * PartBytes;
            if (Writes)
                new Span<byte>(start, (int)PartBytes).Fill((byte)part);
            else
                Read(start, start + PartBytes);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Read(byte* start, byte* end)
        {
            Vector<byte> a = default, b = default, c = default, d = default;      // enough sums that none waits for another
            for (; start < end; start += 4 * Vector<byte>.Count)
            {
                a += Unsafe.ReadUnaligned<Vector<byte>>(start);
                b += Unsafe.ReadUnaligned<Vector<byte>>(start + Vector<byte>.Count);
                c += Unsafe.ReadUnaligned<Vector<byte>>(start + 2 * Vector<byte>.Count);
                d += Unsafe.ReadUnaligned<Vector<byte>>(start + 3 * Vector<byte>.Count);
            }
            if (Vector.Sum(a ^ b ^ c ^ d) == 1 && Vector.Sum(a) == 2)
                Thread.Yield();      // so that no compiler finds that nobody wants the sum
        }
    }
}
