namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Puts one stored row into its panel.</summary>
/// <remarks>Codes are moved four columns at a time, as the bytes of an integer; nothing is rounded.</remarks>
internal static unsafe class PanelPacker
{
    /// <summary>Packs a row into a panel that was zeroed.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="stored">The row's blocks.</param>
    /// <param name="columns">Numbers of the row, whole blocks.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="row">The row's place in it.</param>
    /// <exception cref="InvalidDataException">A scale is not a finite number.</exception>
    public static void PackRow(PanelLayout layout, byte* stored, int columns, byte* panel, int row)
    {
        int length = layout.Format.BlockLength, bytes = layout.Format.BlockBytes;
        byte* codes = stackalloc byte[length];
        StoredScales scales;
        for (int first = 0; first < columns; first += length, stored += bytes)
        {
            StoredBlock.Read(layout.Format, stored, codes, &scales);
            if (!Half.IsFinite(scales.Scale) || !Half.IsFinite(scales.Minimum))
                throw new InvalidDataException($"Column {first} has a {layout.Format} scale that is not a finite number.");
            byte* super = panel + (long)(first / layout.Columns) * layout.SuperBytes;
            int group = first % layout.Columns / PanelLayout.GroupColumns;
            for (int i = 0; i < length / PanelLayout.GroupColumns; i++)
                PackGroup(layout, (uint*)(codes + i * PanelLayout.GroupColumns), (uint*)(super + layout.CodesAt + (group + i) * layout.GroupBytes) + row);
            PackScales(layout, super, group, row, scales);
        }
    }

    /// <param name="layout">The layout.</param>
    /// <param name="codes">Eight times four columns.</param>
    /// <param name="target">The row's four bytes of the group's first line.</param>
    private static void PackGroup(PanelLayout layout, uint* codes, uint* target)
    {
        const int Line = PanelLayout.LineBytes / sizeof(uint);
        if (layout.Bytes)
        {
            for (int j = 0; j < 8; j++)
                target[j * Line] = codes[j];
            return;
        }
        int bits = 0;
        if (layout.Nibbles)
        {
            for (int j = 0; j < 4; j++)
                target[j * Line] = (codes[j] & 0x0F0F0F0F) | ((codes[j + 4] & 0x0F0F0F0F) << 4);
            bits = 4;
            target += 4 * Line;
        }
        if (layout.Pairs)
        {
            for (int j = 0; j < 8; j++)
                target[j / 4 * Line] |= ((codes[j] >> bits) & 0x03030303) << (j % 4 * 2);
            bits += 2;
            target += 2 * Line;
        }
        for (int j = 0; layout.Singles && j < 8; j++)
            *target |= ((codes[j] >> bits) & 0x01010101) << j;
    }

    private static void PackScales(PanelLayout layout, byte* scales, int group, int row, in StoredScales stored)
    {
        int at = group * PanelLayout.Rows + row, all = layout.Groups * PanelLayout.Rows;
        switch (layout.Scales)
        {
            case PanelScales.Half:
                ((Half*)scales)[at] = stored.Scale;
                break;
            case PanelScales.BFloat:
                ((ushort*)scales)[at] = stored.PowerOfTwo;
                break;
            case PanelScales.HalfMinimum:
                ((Half*)scales)[at] = stored.Scale;
                ((Half*)scales)[all + at] = stored.Minimum;
                break;
            case PanelScales.SubScaleMinimum:
                for (int i = 0; i < layout.Groups; i++)
                {
                    scales[i * PanelLayout.Rows + row] = stored.SubScales[i];
                    scales[all + i * PanelLayout.Rows + row] = stored.SubMinima[i];
                }
                ((Half*)(scales + 2 * all))[row] = stored.Scale;
                ((Half*)(scales + 2 * all))[PanelLayout.Rows + row] = stored.Minimum;
                break;
            case PanelScales.SubScale:
            case PanelScales.NibbleSubScaleMinimum:
                for (int i = 0; i < 2 * layout.Groups; i++)
                    scales[i * PanelLayout.Rows + row] = stored.SubScales[i];
                ((Half*)(scales + 2 * all))[row] = stored.Scale;
                if (layout.HasMinima)
                    ((Half*)(scales + 2 * all))[PanelLayout.Rows + row] = stored.Minimum;
                break;
            default:
                throw new InvalidOperationException($"Nothing is known of {layout.Scales}.");
        }
    }
}
