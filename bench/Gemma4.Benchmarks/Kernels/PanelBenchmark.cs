using System.Globalization;
using System.Runtime.InteropServices;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Benchmarks.Kernels;

/// <summary>Products with quantised weights of E2B's shapes under every kernel that runs here.</summary>
internal static unsafe class PanelBenchmark
{
    private const int Rounds = 24;

    private static readonly (int Out, int In)[] Shapes = [(6144, 1536), (1536, 6144), (2048, 1536)];

    private static readonly WeightFormat[] Formats = [WeightFormat.Q4_0, WeightFormat.Q8_0, WeightFormat.Q4_K, WeightFormat.Q6_K];

    /// <summary>Prints a line a format, shape, kernel and number of tokens.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="threads">Threads that share the panels.</param>
    public static void Run(TextWriter output, int threads)
    {
        double limit = threads * VnniLimit.GigaMultiplications();
        output.WriteLine("weights | out x in | kernels | tokens | GB/s | of a read loop's | GMAC/s | of vpdpbusd's");
        foreach (WeightFormat format in Formats)
        {
            foreach ((int rows, int columns) in Shapes)
                Measure(output, format, rows, columns, threads, limit);
        }
    }

    private static void Measure(TextWriter output, WeightFormat format, int rows, int columns, int threads, double limit)
    {
        using var pool = new WeightPool(PanelMatrix.BytesOf(format, rows, columns), first => Fill(format, rows, columns, (byte*)first));
        foreach (KernelChoice choice in PanelKernels.Supported().Where(c => c is not KernelChoice.Portable))
        {
            using PanelKernels kernels = PanelKernels.Create(choice);
            foreach (int tokens in new[] { 1, 2, 4, 8, 512 })
            {
                using ActivationGroups x = Activations(tokens, columns);
                nint y = (nint)NativeMemory.AllocZeroed((nuint)(tokens * rows), sizeof(float));
                double read = ThreadTime.Best(threads, Rounds, (part, round) => pool.Read(part, threads, round));
                double best = ThreadTime.Best(threads, tokens > 8 ? Rounds / 2 : Rounds, (part, round) =>
                {
                    PanelMatrix weight = PanelMatrix.Over(format, rows, columns, pool.At(round));
                    int first = weight.NumPanels * part / threads, end = weight.NumPanels * (part + 1) / threads;
                    PanelProduct.Run(kernels, x, weight, first, end - first, (float*)y, rows);
                });
                NativeMemory.Free((void*)y);
                double macs = (double)rows * columns * tokens / best / 1e9;
                string share = limit > 0 ? (macs / limit).ToString("0.00", CultureInfo.InvariantCulture) : "-";
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{format} | {rows} x {columns} | {choice} | {tokens} | {pool.WeightBytes / best / 1e9:0.0} | {read / best:0.00} | {macs:0} | {share}"));
            }
        }
    }

    /// <summary>Random codes, equal scales.</summary>
    private static void Fill(WeightFormat format, int rows, int columns, byte* panels)
    {
        var stored = new byte[rows * format.RowBytes(columns)];
        new Random(1).NextBytes(stored);
        foreach (int at in format switch
        {
            WeightFormat.Q4_K => new[] { 0, 2 },
            WeightFormat.Q6_K => [208],
            _ => [0],
        })
        {
            for (int block = 0; block < stored.Length; block += format.BlockBytes)
                BitConverter.TryWriteBytes(stored.AsSpan(block + at), (Half)0.01f);
        }
        PanelMatrix matrix = PanelMatrix.Over(format, rows, columns, panels);
        fixed (byte* first = stored)
            matrix.Pack(first, 0, matrix.NumPanels);
    }

    private static ActivationGroups Activations(int tokens, int columns)
    {
        var random = new Random(2);
        float[] numbers = [.. Enumerable.Range(0, tokens * columns).Select(_ => random.NextSingle() - 0.5f)];
        var groups = new ActivationGroups(tokens, columns);
        groups.Reshape(tokens, columns);
        fixed (float* first = numbers)
            groups.Quantise(first, columns, 0, tokens);
        return groups;
    }
}
