using System.Buffers;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A weight in blocks, widened to float32 a few rows at a time and multiplied with activations that nobody rounds.</summary>
/// <remarks>The bits of the same weight stored in float32. Slow: for what other products are measured by.</remarks>
/// <param name="format">How its numbers lie.</param>
/// <param name="data">First row; rows are dense.</param>
/// <param name="rows">Rows.</param>
/// <param name="columns">Numbers of a row.</param>
internal sealed unsafe class DecodedMatrix(WeightFormat format, byte* data, int rows, int columns) : CpuMatrix(rows, columns)
{
    private const int RowsAtOnce = 4;

    public override int RowGranularity => RowsAtOnce;

    public override void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(RowsAtOnce * Columns);
        fixed (float* widened = rented)
        {
            for (int first = 0; first < numRows; first += RowsAtOnce)
            {
                int count = Math.Min(RowsAtOnce, numRows - first);
                StoredNumbers.Widen(format, data + format.RowBytes(Columns) * (firstRow + first), widened, count * Columns);
                MatMul.Run<Float32, float>(x.Data, widened, y + first, x.NumTokens, count, Columns, yStride);
            }
        }
        ArrayPool<float>.Shared.Return(rented);
    }
}
