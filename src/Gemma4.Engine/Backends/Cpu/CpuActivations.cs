namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Rows in host memory, float32.</summary>
/// <param name="backend">Says how many rows a step has.</param>
/// <param name="buffer">The memory, shared by all activations of one name.</param>
/// <param name="firstColumn">Where the rows begin in those of the buffer.</param>
/// <param name="width">Numbers of a row.</param>
/// <param name="stride">Distance of two rows.</param>
internal sealed unsafe class CpuActivations(CpuBackend backend, RowBuffer buffer, int firstColumn, int width, int stride) : Activations(width)
{
    public override int NumRows => backend.NumRows;

    /// <summary>The first row; valid until the next step begins.</summary>
    public float* Data => buffer.Data + firstColumn;

    /// <summary>Distance of two rows, in numbers.</summary>
    public int Stride => stride;

    /// <summary>One row; valid until the next step begins.</summary>
    public float* Row(int row) => Data + (long)row * stride;

    /// <summary>The rows as what a product reads.</summary>
    /// <exception cref="InvalidOperationException">It is a view of some columns, whose rows are not dense.</exception>
    public CpuInput AsInput() => stride == Width
        ? new(Data, Width, NumRows)
        : throw new InvalidOperationException("A product reads whole rows.");

    public override Activations Columns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Width, nameof(count));
        return new CpuActivations(backend, buffer, firstColumn + first, count, stride);
    }

    public override float[] ToArray(int firstRow, int numRows)
    {
        var values = new float[numRows * Width];
        for (int i = 0; i < numRows; i++)
            new ReadOnlySpan<float>(Row(firstRow + i), Width).CopyTo(values.AsSpan(i * Width));
        return values;
    }
}

/// <summary>Memory for the rows of the largest step so far.</summary>
internal sealed unsafe class RowBuffer : IDisposable
{
    private readonly GrowingMemory _memory = new();

    /// <summary>The widest row that it must hold.</summary>
    public int Width { get; set; }

    /// <summary>The first row; null before there was a step.</summary>
    public float* Data => (float*)_memory.Data;

    /// <summary>Makes room; what was held is lost where there was too little.</summary>
    public void Reserve(int rows) => _memory.Reserve((long)rows * Width * sizeof(float));

    public void Dispose() => _memory.Dispose();
}
