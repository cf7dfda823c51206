namespace Gemma4.Engine.Kernels.Panels;

/// <summary><c>y = x · Wᵀ</c> of quantised weights in panels and activations in groups of signed bytes.</summary>
/// <remarks>
/// For each group of 32 columns (of 16, where a scale of the weight has 16), in order,
/// <c>sum = (dot · activation scale) · scale + sum</c>, the last multiplication and the addition rounded together, where
/// <c>dot = Σ (code − offset) · activation</c> is an exact integer; then, where there are minima,
/// <c>sum = (activation scale · Σ activation) · minimum + sum</c>, likewise. So a result depends, to the last bit, on its own row and token only.
/// </remarks>
internal static unsafe class PanelProduct
{
    /// <summary>Panels that all tiles of tokens go over before the next ones: they stay in the second-level cache.</summary>
    private const int BlockBytes = 220_000;

    /// <summary>Some panels against all tokens.</summary>
    /// <param name="kernels">Which kernels.</param>
    /// <param name="x"><c>[T, in]</c>.</param>
    /// <param name="weight"><c>[out, in]</c>.</param>
    /// <param name="firstPanel">The first of these panels.</param>
    /// <param name="numPanels">Panels; a thread may get none.</param>
    /// <param name="y">Receives <c>[T, out]</c>; here are written the columns <c>16 · firstPanel</c> and on.</param>
    /// <param name="stride">Numbers between two rows of <paramref name="y"/>.</param>
    public static void Run(PanelKernels kernels, ActivationGroups x, PanelMatrix weight, int firstPanel, int numPanels, float* y, long stride)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Columns, weight.Columns, nameof(x));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPanel);
        ArgumentOutOfRangeException.ThrowIfNegative(numPanels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstPanel + numPanels, weight.NumPanels, nameof(numPanels));
        if (numPanels == 0)
            return;
        int whole = Math.Min(firstPanel + numPanels, weight.Rows / PanelLayout.Rows);
        int block = x.Tokens <= ActivationGroups.TileTokens ? numPanels : (int)Math.Max(1, BlockBytes / weight.PanelBytes);
        for (int panel = firstPanel; panel < whole; panel += block)
            RunTiles(kernels, x, weight, panel, Math.Min(block, whole - panel), y + (long)panel * PanelLayout.Rows, stride);
        if (firstPanel + numPanels > whole)
            RunLast(kernels, x, weight, y + (long)whole * PanelLayout.Rows, stride);
    }

    /// <summary>The definition; the kernels give its bits.</summary>
    public static void Reference(ActivationGroups x, PanelMatrix weight, Span<float> y)
    {
        PanelLayout layout = weight.Layout;
        for (int token = 0; token < x.Tokens; token++)
        {
            for (int row = 0; row < weight.Rows; row++)
                y[token * weight.Rows + row] = Dot(layout, new PanelElements(weight, row), x.Record(token, out long step), step, weight.Columns);
        }
    }

    private static float Dot(PanelLayout layout, PanelElements row, byte* record, long step, int columns)
    {
        float sum = 0;
        for (int first = 0; first < columns; first += PanelLayout.GroupColumns, record += step)
        {
            float activationScale = *(float*)(record + ActivationGroups.ScaleAt);
            for (int part = 0; part < PanelLayout.GroupColumns; part += layout.ScaleColumns)
            {
                int dot = 0;
                for (int i = part; i < part + layout.ScaleColumns; i++)
                    dot += (row.Code(first + i) - layout.Offset) * ((sbyte*)record)[i];
                sum = MathF.FusedMultiplyAdd(dot * activationScale, row.Scale(first + part), sum);
            }
            for (int part = 0; layout.HasMinima && part < PanelLayout.GroupColumns; part += layout.ScaleColumns)
            {
                int activations = 0;
                for (int i = part; i < part + layout.ScaleColumns; i++)
                    activations += ((sbyte*)record)[i];
                sum = MathF.FusedMultiplyAdd(activationScale * activations, row.Minimum(first + part), sum);
            }
        }
        return sum;
    }

    private static void RunTiles(PanelKernels kernels, ActivationGroups x, PanelMatrix weight, int panel, int panels, float* y, long stride)
    {
        for (int token = 0; token < x.Tokens; token += ActivationGroups.TileTokens)
        {
            var tile = new PanelTile
            {
                Panel = weight.Panel(panel),
                Activations = x.Tile(token),
                Output = y + token * stride,
                Supers = weight.Supers,
                Panels = panels,
                OutputStride = stride * sizeof(float),
                Tokens = Math.Min(ActivationGroups.TileTokens, x.Tokens - token),
            };
            kernels.Run(weight.Format, &tile);
        }
    }

    /// <summary>The panel whose last rows are padding: kernels write 16 results, so they go through a buffer.</summary>
    private static void RunLast(PanelKernels kernels, ActivationGroups x, PanelMatrix weight, float* y, long stride)
    {
        int panel = weight.NumPanels - 1, rows = weight.Rows - panel * PanelLayout.Rows;
        float* results = stackalloc float[ActivationGroups.TileTokens * PanelLayout.Rows];
        for (int token = 0; token < x.Tokens; token += ActivationGroups.TileTokens)
        {
            int tokens = Math.Min(ActivationGroups.TileTokens, x.Tokens - token);
            var tile = new PanelTile
            {
                Panel = weight.Panel(panel),
                Activations = x.Tile(token),
                Output = results,
                Supers = weight.Supers,
                Panels = 1,
                OutputStride = PanelLayout.Rows * sizeof(float),
                Tokens = tokens,
            };
            kernels.Run(weight.Format, &tile);
            for (int t = 0; t < tokens; t++)
                new Span<float>(results + t * PanelLayout.Rows, rows).CopyTo(new Span<float>(y + (token + t) * stride, rows));
        }
    }
}
