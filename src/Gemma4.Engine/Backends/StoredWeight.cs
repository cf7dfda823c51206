using System.Collections.Immutable;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends;

/// <summary>A weight as it lies in memory: a mapped file's bytes, which nobody copies unless a backend needs them otherwise.</summary>
/// <remarks>Owned by the <see cref="WeightStore"/> it was taken from. <see cref="Data"/> is null where only names and shapes are asked for.</remarks>
/// <param name="name">Its published name.</param>
/// <param name="format">How its numbers lie.</param>
/// <param name="shape">Dimensions, row-major and dense; a row is whole blocks of the format.</param>
/// <param name="data">First byte; may be unaligned, but at a multiple of 64 for panels.</param>
/// <param name="inPanels">True where all rows together lie in panels (<see cref="PanelLayout"/>), and not one after the other.</param>
internal sealed unsafe class StoredWeight(string name, WeightFormat format, ImmutableArray<long> shape, byte* data, bool inPanels = false)
{
    /// <summary>Its published name.</summary>
    public string Name => name;

    /// <summary>How its numbers lie.</summary>
    public WeightFormat Format => format;

    /// <summary>Dimensions.</summary>
    public ImmutableArray<long> Shape => shape;

    /// <summary>Whether rows lie side by side in panels of 16, ready to be multiplied.</summary>
    public bool InPanels => inPanels;

    /// <summary>First byte; null where there is no data.</summary>
    public byte* Data => data;

    /// <summary>Numbers of a row, the last dimension; 1 for a number alone.</summary>
    public int Columns => shape.Length == 0 ? 1 : checked((int)shape[^1]);

    /// <summary>Rows over all other dimensions.</summary>
    public int Rows => checked((int)(NumElements / Columns));

    /// <summary>Numbers.</summary>
    public long NumElements => Count(shape.AsSpan());

    /// <summary>Bytes of a row that lies by itself.</summary>
    public long RowBytes => format.RowBytes(Columns);

    /// <summary>Numbers of a shape.</summary>
    public static long Count(ReadOnlySpan<long> shape)
    {
        long product = 1;
        foreach (long dimension in shape)
            product *= dimension;
        return product;
    }

    /// <summary>Some of its rows, as a matrix.</summary>
    /// <exception cref="ArgumentException">It lies in panels, and the rows do not begin with one.</exception>
    public StoredWeight Slice(int firstRow, int numRows)
    {
        if (inPanels && firstRow % PanelLayout.Rows != 0)
            throw new ArgumentException($"Row {firstRow} of {name} does not begin a panel of {PanelLayout.Rows}.", nameof(firstRow));
        long offset = inPanels ? firstRow / PanelLayout.Rows * PanelLayout.Of(format).PanelBytes(Columns) : firstRow * RowBytes;
        return new StoredWeight(name, format, [numRows, Columns], data is null ? null : data + offset, inPanels);
    }

    /// <summary>One of its rows in float32.</summary>
    /// <param name="row">Which; there must be data.</param>
    /// <param name="numbers">Receives <see cref="Columns"/> numbers.</param>
    public void Decode(int row, Span<float> numbers)
    {
        if (inPanels)
            new PanelElements(PanelMatrix.Over(format, Rows, Columns, data), row).CopyTo(numbers);
        else
            WeightDecoder.Decode(format, new ReadOnlySpan<byte>(data + row * RowBytes, checked((int)RowBytes)), numbers);
    }

    /// <summary>Its numbers in float32; zeros where there is no data.</summary>
    public float[] ToSingles()
    {
        var values = new float[NumElements];
        if (data is null)
            return values;
        for (int row = 0; row < Rows; row++)
            Decode(row, values.AsSpan(row * Columns, Columns));
        return values;
    }
}
