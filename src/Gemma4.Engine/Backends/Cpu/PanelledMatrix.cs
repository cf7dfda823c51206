using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A quantised weight in panels.</summary>
/// <param name="kernels">Which kernels multiply.</param>
/// <param name="panels">The weight; its memory is the backend's.</param>
internal sealed unsafe class PanelledMatrix(PanelKernels kernels, PanelMatrix panels) : CpuMatrix(panels.Rows, panels.Columns)
{
    public override int RowGranularity => PanelLayout.Rows;

    public override long RowBytes => panels.PanelBytes / PanelLayout.Rows;

    public override bool ReadsGroups => true;

    public override void Multiply(in CpuInput x, int firstRow, int numRows, float* y, int yStride) => PanelProduct.Run(
        kernels, x.Groups, panels, firstRow / PanelLayout.Rows, (numRows + PanelLayout.Rows - 1) / PanelLayout.Rows, y - firstRow, yStride);
}
