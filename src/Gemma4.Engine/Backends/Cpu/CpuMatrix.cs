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

    /// <summary>Bytes that a row takes.</summary>
    public abstract long RowBytes { get; }

    /// <summary>True where it multiplies with activations in groups of signed bytes, and not in float32.</summary>
    public abstract bool ReadsGroups { get; }

    /// <summary>Multiplies.</summary>
    /// <param name="x">The input's rows.</param>
    /// <param name="firstRow">First row of the weight, a multiple of the granularity.</param>
    /// <param name="numRows">Rows of the weight.</param>
    /// <param name="y">Where the first row's result of the first token goes.</param>
    /// <param name="yStride">Distance of two tokens in <paramref name="y"/>.</param>
    public abstract void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride);
}
