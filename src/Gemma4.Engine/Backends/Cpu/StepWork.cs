using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>The memory that a step's rows take.</summary>
/// <param name="NumbersOfToken">Of activations, for each token of a step.</param>
/// <param name="NumbersOfExpert">Of what routed experts read and give, for each token and each expert that it chose.</param>
/// <param name="NumbersOfChosenRow">Of hidden states and logits, for each row that is sampled from.</param>
/// <param name="WidestInput">Columns of the widest weight, whose input is quantised.</param>
/// <param name="ActiveExperts">Experts that a token chooses.</param>
internal readonly record struct StepWork(long NumbersOfToken, long NumbersOfExpert, long NumbersOfChosenRow, int WidestInput, int ActiveExperts)
{
    /// <summary>Bytes of a step.</summary>
    /// <param name="numTokens">Its tokens.</param>
    /// <param name="numChosenRows">Rows whose logits are held at once.</param>
    public long Bytes(int numTokens, int numChosenRows)
    {
        long pairs = (long)Math.Min(numTokens, CpuExperts.TokensAtOnce) * ActiveExperts;
        return sizeof(float) * (numTokens * NumbersOfToken + pairs * NumbersOfExpert + numChosenRows * NumbersOfChosenRow)
            + ActivationGroups.BytesOf(numTokens, Math.Max(1, WidestInput));
    }
}
