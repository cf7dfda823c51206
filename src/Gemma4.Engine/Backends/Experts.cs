namespace Gemma4.Engine.Backends;

/// <summary>Routed experts: tokens are grouped by expert, and only the chosen experts' weights are touched.</summary>
internal abstract class Experts
{
    /// <summary>The sum of each token's experts by their shares, <c>Σ share · down(gelu(gate(x)) ∘ up(x))</c>.</summary>
    /// <param name="x"><c>[T, D]</c>, normalised. Not modified.</param>
    /// <param name="choice">Of the same step.</param>
    /// <param name="y">Receives <c>[T, D]</c>.</param>
    public abstract void Apply(Activations x, ExpertChoice choice, Activations y);
}

/// <summary>One expert's weights.</summary>
/// <param name="Gate"><c>[F, D]</c>.</param>
/// <param name="Up"><c>[F, D]</c>.</param>
/// <param name="Down"><c>[D, F]</c>.</param>
internal readonly record struct ExpertWeights(StoredWeight Gate, StoredWeight Up, StoredWeight Down);
