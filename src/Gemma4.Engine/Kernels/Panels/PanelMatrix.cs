namespace Gemma4.Engine.Kernels.Panels;

/// <summary>A weight in panels of 16 rows, in memory that is lent to it: an arena's or a mapped file's, kept for as long as this is used.</summary>
/// <remarks>Rows beyond the last and columns beyond the last have scales of zero.</remarks>
internal sealed unsafe class PanelMatrix
{
    private readonly byte* _data;

    private PanelMatrix(WeightFormat format, int rows, int columns, byte* data)
    {
        (Format, Rows, Columns, Layout) = (format, rows, columns, PanelLayout.Of(format));
        NumPanels = NumPanelsOf(rows);
        Supers = Layout.Supers(columns);
        PanelBytes = Layout.PanelBytes(columns);
        _data = data;
    }

    /// <summary>The format that the weight was stored in.</summary>
    public WeightFormat Format { get; }

    /// <summary>How it lies in panels.</summary>
    public PanelLayout Layout { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Panels: what threads share out.</summary>
    public int NumPanels { get; }

    /// <summary>Bytes of a panel.</summary>
    public long PanelBytes { get; }

    /// <summary>Superblocks of a panel.</summary>
    public int Supers { get; }

    /// <summary>All bytes.</summary>
    public long Bytes => NumPanels * PanelBytes;

    /// <summary>The bytes that a weight takes in panels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no panels of this format.</exception>
    public static long BytesOf(WeightFormat format, int rows, int columns) => NumPanelsOf(rows) * PanelLayout.Of(format).PanelBytes(columns);

    /// <summary>Room of an arena, zeroed, to be filled with <see cref="Pack"/>.</summary>
    /// <exception cref="OutOfMemoryException">The system has not got it.</exception>
    public static PanelMatrix Allocate(HugeArena arena, WeightFormat format, int rows, int columns)
    {
        Check(rows, columns);
        return new(format, rows, columns, arena.Take(BytesOf(format, rows, columns)));
    }

    /// <summary>A view of panels, or of room for them.</summary>
    /// <param name="format">The stored format.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="panels"><see cref="BytesOf"/> bytes, at a multiple of 64.</param>
    public static PanelMatrix Over(WeightFormat format, int rows, int columns, byte* panels)
    {
        Check(rows, columns);
        ArgumentOutOfRangeException.ThrowIfNotEqual((nint)panels % PanelLayout.LineBytes, 0, nameof(panels));
        return new(format, rows, columns, panels);
    }

    /// <summary>Where a panel lies.</summary>
    public byte* Panel(int panel) => _data + panel * PanelBytes;

    /// <summary>Fills some panels from rows as they are stored. Threads may fill different panels at once.</summary>
    /// <param name="stored">The weight's first row: all rows, dense, blocks of the format.</param>
    /// <param name="firstPanel">The first of these panels.</param>
    /// <param name="numPanels">Panels.</param>
    /// <exception cref="ArgumentException">A row is not a whole number of blocks.</exception>
    /// <exception cref="InvalidDataException">A scale is not a finite number.</exception>
    public void Pack(byte* stored, int firstPanel, int numPanels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPanel);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstPanel + numPanels, NumPanels, nameof(numPanels));
        if (Columns % Format.BlockLength != 0)
            throw new ArgumentException($"A row of {Columns} numbers is not a whole number of {Format} blocks of {Format.BlockLength}.");
        for (int panel = firstPanel; panel < firstPanel + numPanels; panel++)
        {
            new Span<byte>(Panel(panel), checked((int)PanelBytes)).Clear();
            int first = panel * PanelLayout.Rows, rows = Math.Min(PanelLayout.Rows, Rows - first);
            for (int row = 0; row < rows; row++)
                PanelPacker.PackRow(Layout, stored + Format.RowBytes(Columns) * (first + row), Columns, Panel(panel), row);
        }
    }

    private static int NumPanelsOf(int rows) => (rows + PanelLayout.Rows - 1) / PanelLayout.Rows;

    private static void Check(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
    }
}
