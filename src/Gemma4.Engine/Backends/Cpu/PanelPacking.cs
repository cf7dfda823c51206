using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Puts a stored weight into panels: its rows are quantised if they are not yet, and laid side by side. A part is a panel.</summary>
/// <param name="weight">Has data that lies row by row.</param>
/// <param name="panels">Room for as many rows and columns.</param>
internal sealed unsafe class PanelPacking(StoredWeight weight, PanelMatrix panels) : IParts
{
    /// <summary>The format in which a weight is multiplied.</summary>
    /// <param name="stored">How it is stored.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="quantization">What floats are rounded to.</param>
    /// <param name="isHead">True for the output projection, which keeps 8 bits where others get 4.</param>
    public static WeightFormat Format(WeightFormat stored, int columns, Quantization quantization, bool isHead)
    {
        if (PanelLayout.Exists(stored) || quantization == Quantization.None || columns % WeightFormat.Q8_0.BlockLength != 0)
            return stored;
        return quantization == Quantization.Int4 && !isHead ? WeightFormat.Q4_0 : WeightFormat.Q8_0;
    }

    void IParts.Run(int part, int worker)
    {
        if (panels.Format == weight.Format)
        {
            panels.Pack(weight.Data, part, 1);
            return;
        }
        int first = part * PanelLayout.Rows, rows = Math.Min(PanelLayout.Rows, weight.Rows - first);
        long rowBytes = panels.Format.RowBytes(weight.Columns);
        byte[] blocks = new byte[rows * rowBytes];
        for (int row = 0; row < rows; row++)
            StoredRow.Encode(weight, first + row, panels.Format, blocks.AsSpan((int)(row * rowBytes), (int)rowBytes));
        fixed (byte* stored = blocks)
            panels.Pack(stored - first * rowBytes, part, 1);
    }
}
