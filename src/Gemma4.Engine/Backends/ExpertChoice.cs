namespace Gemma4.Engine.Backends;

/// <summary>Which experts a step's tokens are sent to.</summary>
internal abstract class ExpertChoice
{
    /// <summary>Rows of the step, T.</summary>
    public abstract int NumRows { get; }

    /// <summary>The experts of some tokens, <c>[numRows, A]</c>, best first. For verification.</summary>
    public abstract int[] Experts(int firstRow, int numRows);

    /// <summary>Their shares, <c>[numRows, A]</c>. For verification.</summary>
    public abstract float[] Shares(int firstRow, int numRows);
}
