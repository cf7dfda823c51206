using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Some rows of a gated projection.</summary>
internal static unsafe class GatedRows
{
    /// <summary>Bytes of a weight that are multiplied with all tokens before the next ones are read, so that they stay in the second-level cache.</summary>
    private const int BlockBytes = 200_000;

    /// <param name="x">The input's rows.</param>
    /// <param name="gate">The gate's weight.</param>
    /// <param name="up">The second factor's weight; null where <paramref name="u"/> is given.</param>
    /// <param name="firstRow">First row of both weights.</param>
    /// <param name="numRows">Rows of both weights.</param>
    /// <param name="u">The second factor at the first row; null where it is computed.</param>
    /// <param name="uStride">Distance of two tokens in <paramref name="u"/>.</param>
    /// <param name="y">Where the first row's result of the first token goes.</param>
    /// <param name="yStride">Distance of two tokens in <paramref name="y"/>.</param>
    /// <param name="scratch">Memory for each thread.</param>
    /// <param name="worker">Which thread this is.</param>
    public static void Run(
        in CpuInput x, CpuMatrix gate, CpuMatrix? up, int firstRow, int numRows, float* u, int uStride, float* y, int yStride, WorkerScratch scratch, int worker)
    {
        int granularity = gate.RowGranularity, block = (int)Math.Max(1, BlockBytes / gate.RowBytes / granularity) * granularity;
        float* computed = up is null ? null : scratch.Of(worker, (long)x.NumTokens * Math.Min(block, numRows));
        for (int first = 0; first < numRows; first += block)
        {
            int count = Math.Min(block, numRows - first);
            gate.Multiply(x, firstRow + first, count, y + first, yStride);
            up?.Multiply(x, firstRow + first, count, computed, count);
            for (int t = 0; t < x.NumTokens; t++)
            {
                float* row = y + (long)t * yStride + first;
                GatedGelu.Run(row, up is null ? u + (long)t * uStride + first : computed + (long)t * count, row, count);
            }
        }
    }
}
