namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Something done to every row of a step by itself, shared out over the team where that is worth it.</summary>
internal abstract class RowOperation(ThreadTeam team) : IParts
{
    /// <summary>Numbers of a part: some microseconds, so that handing it over is worth it and parts even out.</summary>
    private const int NumbersPerPart = 16 * 1024;

    private int _numRows;
    private int _rowsPerPart;

    /// <summary>Does it to rows <paramref name="first"/> .. <paramref name="end"/> − 1.</summary>
    protected abstract void RunRows(int first, int end);

    /// <summary>Does it to all rows.</summary>
    /// <param name="numRows">T.</param>
    /// <param name="width">Numbers that a row costs.</param>
    protected void RunAll(int numRows, int width)
    {
        _numRows = numRows;
        _rowsPerPart = Math.Max(1, NumbersPerPart / width);
        team.Run((numRows + _rowsPerPart - 1) / _rowsPerPart, this);
    }

    void IParts.Run(int part, int worker)
    {
        int first = part * _rowsPerPart;
        RunRows(first, Math.Min(_numRows, first + _rowsPerPart));
    }
}
