namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Cuts the rows of some weights into parts for a team.</summary>
/// <param name="team">Threads.</param>
/// <param name="matrices">Weights that are multiplied with the same input.</param>
internal sealed class MatrixParts(ThreadTeam team, CpuMatrix[] matrices)
{
    /// <summary>Parts for each thread: enough that one thread which the system holds up does not hold up the others.</summary>
    private const int PartsPerThread = 4;

    /// <summary>Multiply-adds below which handing a part over costs more than it gains: some microseconds.</summary>
    private const long MinWork = 64 * 1024;

    private readonly long _numRows = matrices.Sum(m => (long)m.Rows);
    private readonly int _granularity = matrices.Max(m => m.RowGranularity);
    private int _rowsPerPart;

    /// <summary>Decides how many rows a part has.</summary>
    /// <param name="numTokens">T.</param>
    /// <returns>How many parts there are.</returns>
    public int Plan(int numTokens)
    {
        long work = (long)numTokens * matrices[0].Columns;
        long rows = Math.Max((_numRows + team.NumThreads * PartsPerThread - 1) / (team.NumThreads * PartsPerThread), MinWork / work + 1);
        if (team.NumThreads == 1)
            rows = _numRows;
        _rowsPerPart = checked((int)((rows + _granularity - 1) / _granularity * _granularity));
        int parts = 0;
        foreach (CpuMatrix matrix in matrices)
            parts += PartsOf(matrix);
        return parts;
    }

    /// <summary>Which weight a part belongs to, and which of its rows.</summary>
    public (int Matrix, int FirstRow, int NumRows) this[int part]
    {
        get
        {
            int matrix = 0;
            for (int own = PartsOf(matrices[0]); part >= own; own = PartsOf(matrices[++matrix]))
                part -= own;
            int first = part * _rowsPerPart;
            return (matrix, first, Math.Min(_rowsPerPart, matrices[matrix].Rows - first));
        }
    }

    private int PartsOf(CpuMatrix matrix) => (matrix.Rows + _rowsPerPart - 1) / _rowsPerPart;
}
