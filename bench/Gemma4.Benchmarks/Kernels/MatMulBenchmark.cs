using System.Globalization;
using System.Runtime.InteropServices;
using Gemma4.Engine.Kernels;

namespace Gemma4.Benchmarks.Kernels;

/// <summary>Products with bfloat16 and float32 weights of E2B's shapes: bytes of weights a second beside a plain read loop, and arithmetic beside the processor's limit.</summary>
internal static unsafe class MatMulBenchmark
{
    private const int Rounds = 24;

    private static readonly (int Out, int In)[] Shapes = [(6144, 1536), (1536, 6144), (2048, 1536), (3072, 768)];

    /// <summary>Prints a line a shape and number of tokens.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="threads">Threads that share the rows.</param>
    /// <param name="gigaflops">Their arithmetic limit.</param>
    public static void Run(TextWriter output, int threads, double gigaflops)
    {
        output.WriteLine("weights | out x in | tokens | GB/s | of a read loop's | GFLOP/s | of the limit");
        foreach ((int rows, int columns) in Shapes)
        {
            Measure<BFloat16, ushort>(output, "bfloat16", threads, gigaflops, rows, columns);
            Measure<Float32, float>(output, "float32", threads, gigaflops, rows, columns);
        }
    }

    private static void Measure<TFloat, T>(TextWriter output, string name, int threads, double gigaflops, int rows, int columns)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        using var pool = new WeightPool((long)rows * columns * sizeof(T), first => Fill<TFloat, T>((T*)first, rows * columns));
        foreach (int tokens in new[] { 1, 2, 4, 8, 64, 256 })
        {
            nint x = (nint)NativeMemory.AllocZeroed((nuint)(tokens * columns), sizeof(float)), y = (nint)NativeMemory.AllocZeroed((nuint)(tokens * rows), sizeof(float));
            double read = ThreadTime.Best(threads, Rounds, (part, round) => pool.Read(part, threads, round));
            double best = ThreadTime.Best(threads, Rounds, (part, round) =>
            {
                int first = rows / 4 * part / threads * 4, end = rows / 4 * (part + 1) / threads * 4;
                MatMul.Run<TFloat, T>((float*)x, (T*)pool.At(round) + (long)first * columns, (float*)y + first, tokens, end - first, columns, rows);
            });
            NativeMemory.Free((void*)x);
            NativeMemory.Free((void*)y);
            double flops = 2.0 * rows * columns * tokens / best / 1e9;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name} | {rows} x {columns} | {tokens} | {pool.WeightBytes / best / 1e9:0.0} | {read / best:0.00} | {flops:0} | {flops / gigaflops:0.00}"));
        }
    }

    private static void Fill<TFloat, T>(T* weights, int count)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        var random = new Random(1);
        for (int i = 0; i < count; i++)
            weights[i] = TFloat.FromSingle(random.NextSingle() - 0.5f);
    }
}
