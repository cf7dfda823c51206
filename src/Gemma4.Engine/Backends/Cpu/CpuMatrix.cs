using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A weight as the CPU multiplies with it: <c>y = x · Wᵀ</c>, some rows of W at a time.</summary>
/// <remarks>A token's result depends on no other token and not on who computes it, to the last bit.</remarks>
internal abstract unsafe class CpuMatrix(int rows, int columns)
{
    /// <summary>Rows of the weight.</summary>
    public int Rows => rows;

    /// <summary>Columns of the weight.</summary>
    public int Columns => columns;

    /// <summary>Parts begin at multiples of so many rows.</summary>
    public abstract int RowGranularity { get; }

    /// <summary>Multiplies.</summary>
    /// <param name="x">The input's rows.</param>
    /// <param name="firstRow">First row of the weight, a multiple of the granularity.</param>
    /// <param name="numRows">Rows of the weight.</param>
    /// <param name="y">Where the first row's result of the first token goes.</param>
    /// <param name="yStride">Distance of two tokens in <paramref name="y"/>.</param>
    public abstract void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride);
}

/// <summary>The rows that are multiplied, for all products that read them.</summary>
/// <param name="data">First row, float32; rows are dense.</param>
/// <param name="columns">Numbers of a row.</param>
/// <param name="numTokens">Rows, T.</param>
internal readonly unsafe struct CpuInput(float* data, int columns, int numTokens)
{
    public float* Data => data;

    public int NumTokens => numTokens;

    /// <summary>Some of the rows.</summary>
    public CpuInput Rows(int first, int count) => new(data + (long)first * columns, columns, count);
}

/// <summary>A weight in its file's own order, widened as it is read.</summary>
internal sealed unsafe class RowMajorMatrix<TFloat, T>(T* data, int rows, int columns) : CpuMatrix(rows, columns)
    where TFloat : IStoredFloat<T>
    where T : unmanaged
{
    public override int RowGranularity => 4;

    public override void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride) =>
        MatMul.Run<TFloat, T>(x.Data, data + (long)firstRow * Columns, y, x.NumTokens, numRows, Columns, yStride);
}
