using System.Globalization;
using System.Runtime.InteropServices;
using Gemma4.Engine.Kernels;

namespace Gemma4.Benchmarks.Kernels;

/// <summary>Products of E2B's shapes on one thread, as a share of what a thread can calculate; processor time, the least of some rounds.</summary>
internal static unsafe class MatMulBenchmark
{
    private const int Rounds = 9;

    private static readonly (string Name, int Out, int In)[] Shapes =
        [("vision feed-forward", 3072, 768), ("text attention", 2048, 1536), ("text feed-forward up", 6144, 1536), ("text feed-forward down", 1536, 6144)];

    /// <summary>Prints a line a shape and number of tokens.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="gigaflops">A thread's arithmetic limit.</param>
    public static void Run(TextWriter output, double gigaflops)
    {
        output.WriteLine("product | out x in | tokens | bfloat16: GFLOP/s, share | float32: GFLOP/s, share");
        foreach ((string name, int rows, int columns) in Shapes)
        {
            foreach (int tokens in new[] { 8, 64, 256 })
            {
                double narrow = Measure<BFloat16, ushort>(rows, columns, tokens), wide = Measure<Float32, float>(rows, columns, tokens);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} | {rows} x {columns} | {tokens} | {narrow:0}, {narrow / gigaflops:0.00} | {wide:0}, {wide / gigaflops:0.00}"));
            }
        }
    }

    private static double Measure<TFloat, T>(int rows, int columns, int tokens)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        var x = (float*)NativeMemory.AllocZeroed((nuint)(tokens * columns), sizeof(float));
        var w = (T*)NativeMemory.AllocZeroed((nuint)(rows * columns), (nuint)sizeof(T));
        var y = (float*)NativeMemory.AllocZeroed((nuint)(tokens * rows), sizeof(float));
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            MatMul.Run<TFloat, T>(x, w, y, tokens, rows, columns, rows);
            TimeSpan took = Environment.CpuUsage.TotalTime - before;
            best = took < best ? took : best;
        }
        NativeMemory.Free(x);
        NativeMemory.Free(w);
        NativeMemory.Free(y);
        return 2.0 * rows * columns * tokens / best.TotalSeconds / 1e9;
    }
}
