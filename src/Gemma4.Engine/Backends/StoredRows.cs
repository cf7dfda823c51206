using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends;

/// <summary>A matrix of which single rows are wanted: an embedding, in memory or left in its file.</summary>
/// <param name="name">Its published name.</param>
/// <param name="format">How its numbers lie.</param>
/// <param name="rows">Rows.</param>
/// <param name="width">Numbers of a row.</param>
internal abstract class StoredRows(string name, WeightFormat format, int rows, int width)
{
    /// <summary>Its published name.</summary>
    public string Name => name;

    /// <summary>How its numbers lie.</summary>
    public WeightFormat Format => format;

    /// <summary>Rows.</summary>
    public int Rows => rows;

    /// <summary>Numbers of a row.</summary>
    public int Width => width;

    /// <summary>Bytes of a row.</summary>
    public int RowBytes { get; } = checked((int)format.RowBytes(width));

    /// <summary>Copies a row's bytes. Thread-safe.</summary>
    /// <param name="row">Which.</param>
    /// <param name="bytes">Receives <see cref="RowBytes"/> bytes.</param>
    public abstract void Read(int row, Span<byte> bytes);
}
