using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Rows read from memory or from a file, widened and scaled.</summary>
/// <param name="team">Threads.</param>
/// <param name="scratch">Memory for each thread.</param>
/// <param name="table">The rows.</param>
/// <param name="scale">What they are multiplied with.</param>
internal sealed unsafe class CpuEmbeddingTable(ThreadTeam team, WorkerScratch scratch, StoredRows table, float scale) : EmbeddingTable, IParts
{
    private int[] _rows = [];
    private CpuActivations _y = null!;

    public override void Lookup(ReadOnlySpan<int> rows, Activations y)
    {
        if (_rows.Length < rows.Length)
            _rows = new int[Math.Max(rows.Length, 2 * _rows.Length)];
        rows.CopyTo(_rows);
        _y = (CpuActivations)y;
        team.Run(rows.Length, this);
    }

    void IParts.Run(int part, int worker)
    {
        // A row of numbers has room for the row's bytes, whatever the format.
        Span<byte> bytes = new(scratch.Of(worker, (table.RowBytes + sizeof(float) - 1) / sizeof(float)), table.RowBytes);
        table.Read(_rows[part], bytes);
        float* row = _y.Row(part);
        WeightDecoder.Decode(table.Format, bytes, new Span<float>(row, table.Width));
        if (scale != 1)
            RowArithmetic.Scale(row, scale, table.Width);
    }
}
