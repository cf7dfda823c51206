namespace Gemma4.Engine.Backends.Cpu;

/// <summary>A row operation from some activations to others of the same width, which may be the same ones.</summary>
/// <param name="team">Threads.</param>
internal abstract unsafe class RowMapping(ThreadTeam team) : RowOperation(team)
{
    private CpuActivations _x = null!;
    private CpuActivations _y = null!;

    /// <summary>Does it to all rows.</summary>
    public void Run(CpuActivations x, CpuActivations y)
    {
        (_x, _y) = (x, y);
        RunAll(x.NumRows, x.Width);
    }

    /// <summary>Does it to one row.</summary>
    protected abstract void RunRow(float* x, float* y, int width);

    protected sealed override void RunRows(int first, int end)
    {
        for (int row = first; row < end; row++)
            RunRow(_x.Row(row), _y.Row(row), _x.Width);
    }
}
