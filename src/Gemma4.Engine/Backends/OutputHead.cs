namespace Gemma4.Engine.Backends;

/// <summary>The output projection: hidden states to logits in host memory.</summary>
internal abstract class OutputHead
{
    /// <summary>Computes the logits of some rows.</summary>
    /// <param name="hidden"><c>[T, D]</c>.</param>
    /// <param name="rows">Which rows, R of them.</param>
    /// <param name="numBest">By row, of how many best tokens the logits suffice, where 0 asks for all; empty asks for all of every row.</param>
    /// <returns>Softcapped logits; valid until the next call.</returns>
    public abstract Logits Compute(Activations hidden, ReadOnlySpan<int> rows, ReadOnlySpan<int> numBest);
}
