using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Quantises the rows that products of panels read, once for all of them, in memory that is taken once.</summary>
/// <param name="team">Threads.</param>
internal sealed unsafe class GroupedActivations(ThreadTeam team) : RowOperation(team), IDisposable
{
    private readonly ActivationGroups _groups = new();
    private readonly GrowingMemory _records = new();
    private CpuInput _x;

    /// <summary>The rows, with groups where one of the weights reads them.</summary>
    /// <param name="x">In float32.</param>
    /// <param name="matrices">Those that will multiply.</param>
    /// <returns>Valid until the next call.</returns>
    public CpuInput Prepare(in CpuInput x, params ReadOnlySpan<CpuMatrix> matrices)
    {
        foreach (CpuMatrix matrix in matrices)
        {
            if (matrix.ReadsGroups)
                return Quantise(x);
        }
        return x;
    }

    public void Dispose() => _records.Dispose();

    private CpuInput Quantise(in CpuInput x)
    {
        byte* records = _records.Reserve(ActivationGroups.BytesOf(x.NumTokens, x.Columns));
        _groups.Attach(records, x.NumTokens, x.Columns);
        _groups.Reshape(x.NumTokens, x.Columns);
        _x = x;
        RunAll(x.NumTokens, x.Columns);
        return new CpuInput(x.Data, x.Columns, x.NumTokens, _groups);
    }

    protected override void RunRows(int first, int end) => _groups.Quantise(_x.Data + (long)first * _x.Columns, _x.Columns, first, end - first);
}
