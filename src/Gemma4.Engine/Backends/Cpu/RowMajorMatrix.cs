using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A weight in its file's own order, widened as it is read.</summary>
internal sealed unsafe class RowMajorMatrix<TFloat, T>(T* data, int rows, int columns) : CpuMatrix(rows, columns)
    where TFloat : IStoredFloat<T>
    where T : unmanaged
{
    public override int RowGranularity => 4;

    public override long RowBytes => (long)Columns * sizeof(T);

    public override bool ReadsGroups => false;

    public override void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride) =>
        MatMul.Run<TFloat, T>(x.Data, data + (long)firstRow * Columns, y, x.NumTokens, numRows, Columns, yStride);
}
