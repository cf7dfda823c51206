namespace Gemma4.Engine.Backends;

/// <summary>The output projection: hidden states to logits in host memory.</summary>
internal abstract class OutputHead
{
    /// <summary>Computes the logits of some rows.</summary>
    /// <param name="hidden"><c>[T, D]</c>.</param>
    /// <param name="rows">Which rows, R of them.</param>
    /// <returns>Softcapped logits; valid until the next call.</returns>
    public abstract Logits Compute(Activations hidden, ReadOnlySpan<int> rows);
}

/// <summary>Logits of some rows in host memory, float32.</summary>
internal abstract class Logits
{
    /// <summary>Those of one row, <c>[V]</c>.</summary>
    public abstract ReadOnlySpan<float> this[int row] { get; }
}
