namespace Gemma4.Engine.Kernels.Panels;

/// <summary>One row of a weight in panels, number by number: the definition of the layout, and how rows of an embedding are gathered.</summary>
internal readonly unsafe ref struct PanelElements
{
    private readonly PanelLayout _layout;
    private readonly byte* _panel;
    private readonly int _row;

    /// <param name="weight">The weight.</param>
    /// <param name="row">A row of it.</param>
    public PanelElements(PanelMatrix weight, int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)weight.Rows, nameof(row));
        _layout = weight.Layout;
        _panel = weight.Panel(row / PanelLayout.Rows);
        _row = row % PanelLayout.Rows;
    }

    /// <summary>The code of a column, through the table where there is one.</summary>
    public int Code(int column)
    {
        byte* group = Super(column) + _layout.CodesAt + column % _layout.Columns / PanelLayout.GroupColumns * _layout.GroupBytes;
        int inGroup = column % PanelLayout.GroupColumns, j = inGroup / 4, at = 4 * _row + inGroup % 4;
        if (_layout.Bytes)
            return group[j * PanelLayout.LineBytes + at];
        int code = 0, bits = 0;
        if (_layout.Nibbles)
        {
            code = (group[j % 4 * PanelLayout.LineBytes + at] >> (j < 4 ? 0 : 4)) & 15;
            bits = 4;
            group += 4 * PanelLayout.LineBytes;
        }
        if (_layout.Pairs)
        {
            code |= ((group[j / 4 * PanelLayout.LineBytes + at] >> (j % 4 * 2)) & 3) << bits;
            bits += 2;
            group += 2 * PanelLayout.LineBytes;
        }
        if (_layout.Singles)
            code |= ((group[at] >> j) & 1) << bits;
        return _layout.Table.IsEmpty ? code : _layout.Table[code];
    }

    /// <summary>The scale of a column.</summary>
    public float Scale(int column)
    {
        byte* scales = Super(column);
        int index = column % _layout.Columns / _layout.ScaleColumns, at = index * PanelLayout.Rows + _row;
        return _layout.Scales switch
        {
            PanelScales.Half or PanelScales.HalfMinimum => (float)((Half*)scales)[at],
            PanelScales.BFloat => BFloat16.ToSingle(((ushort*)scales)[at]),
            PanelScales.SubScale => (float)((Half*)(scales + SubBytes))[_row] * ((sbyte*)scales)[at],
            PanelScales.SubScaleMinimum => (float)((Half*)(scales + SubBytes))[_row] * scales[at],
            PanelScales.NibbleSubScaleMinimum => (float)((Half*)(scales + SubBytes))[_row] * (scales[at] & 15),
            _ => throw new InvalidOperationException($"No scale is known of {_layout.Scales}."),
        };
    }

    /// <summary>What is added to a column's product of code and scale.</summary>
    public float Minimum(int column)
    {
        byte* scales = Super(column);
        int index = column % _layout.Columns / _layout.ScaleColumns, at = index * PanelLayout.Rows + _row;
        return _layout.Scales switch
        {
            PanelScales.HalfMinimum => (float)((Half*)scales)[_layout.Groups * PanelLayout.Rows + at],
            PanelScales.SubScaleMinimum => -((float)((Half*)(scales + SubBytes))[PanelLayout.Rows + _row] * scales[_layout.Groups * PanelLayout.Rows + at]),
            PanelScales.NibbleSubScaleMinimum => -((float)((Half*)(scales + SubBytes))[PanelLayout.Rows + _row] * (scales[at] >> 4)),
            _ => 0,
        };
    }

    /// <summary>The row in float32.</summary>
    /// <param name="target">As many numbers as the weight has columns.</param>
    public void CopyTo(Span<float> target)
    {
        for (int first = 0; first < target.Length; first += _layout.ScaleColumns)
        {
            float scale = Scale(first), minimum = Minimum(first);
            for (int column = first; column < Math.Min(first + _layout.ScaleColumns, target.Length); column++)
                target[column] = (Code(column) - _layout.Offset) * scale + minimum;
        }
    }

    /// <summary>Bytes of the scales and minima of groups, before those of the superblock.</summary>
    private int SubBytes => 2 * _layout.Groups * PanelLayout.Rows;

    private byte* Super(int column) => _panel + (long)(column / _layout.Columns) * _layout.SuperBytes;
}
