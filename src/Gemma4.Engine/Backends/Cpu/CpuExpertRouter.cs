using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Chooses experts by scores in host memory.</summary>
/// <param name="numActive">A.</param>
/// <param name="expertScale"><c>[E]</c>.</param>
internal sealed unsafe class CpuExpertRouter(int numActive, float[] expertScale) : ExpertRouter
{
    private readonly CpuExpertChoice _choice = new(numActive);

    public override ExpertChoice Choose(Activations scores)
    {
        var rows = (CpuActivations)scores;
        _choice.Reserve(rows.NumRows);
        for (int row = 0; row < rows.NumRows; row++)
            TopExperts.Run(new ReadOnlySpan<float>(rows.Row(row), rows.Width), expertScale, _choice.ExpertsOf(row), _choice.SharesOf(row));
        return _choice;
    }
}

/// <summary>The choice of a step, in memory that is taken once.</summary>
/// <param name="numActive">A.</param>
internal sealed class CpuExpertChoice(int numActive) : ExpertChoice
{
    private long[] _experts = [];
    private float[] _shares = [];
    private int _numRows;

    /// <summary>A.</summary>
    public int NumActive => numActive;

    public override int NumRows => _numRows;

    /// <summary>Makes room for so many rows.</summary>
    public void Reserve(int rows)
    {
        _numRows = rows;
        if (_experts.Length >= rows * numActive)
            return;
        _experts = new long[rows * numActive];
        _shares = new float[rows * numActive];
    }

    /// <summary>A row's experts, best first.</summary>
    public Span<long> ExpertsOf(int row) => _experts.AsSpan(row * numActive, numActive);

    /// <summary>A row's shares.</summary>
    public Span<float> SharesOf(int row) => _shares.AsSpan(row * numActive, numActive);

    public override int[] Experts(int firstRow, int numRows) =>
        [.. _experts.AsSpan(firstRow * numActive, numRows * numActive).ToArray().Select(e => (int)e)];

    public override float[] Shares(int firstRow, int numRows) => _shares.AsSpan(firstRow * numActive, numRows * numActive).ToArray();
}
