using System.Runtime.Intrinsics;

namespace Gemma4.Benchmarks;

/// <summary>The machine's arithmetic limit, measured: fused multiply-adds on registers, nothing else.</summary>
internal static class Roofline
{
    private const int Iterations = 20_000_000;
    private const int Chains = 12;      // enough independent sums to hide the latency of an addition on two ports
    private const int Lanes = 8;

    /// <summary>float32 operations that some threads at once do in a second of processor time, in units of 10⁹; the best of a few rounds.</summary>
    /// <remarks>Processor time, because on a shared machine the clock on the wall also counts what others do.</remarks>
    public static double GigaflopsOfThread(int threads)
    {
        double best = 0;
        for (int round = 0; round < 5; round++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread[] team = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => Multiply(i)))];
            Array.ForEach(team, t => t.Start());
            Array.ForEach(team, t => t.Join());
            best = Math.Max(best, 2.0 * threads * Iterations * Chains * Lanes / (Environment.CpuUsage.TotalTime - before).TotalSeconds / 1e9);
        }
        return best;
    }

    private static void Multiply(int seed)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(seed * 1e-9f);
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int n = 0; n < Iterations; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
            i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y);
            k = Vector256.FusedMultiplyAdd(k, x, y);
            l = Vector256.FusedMultiplyAdd(l, x, y);
        }
        GC.KeepAlive(Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l));
    }
}
