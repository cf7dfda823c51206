namespace Gemma4.Engine.Backends;

/// <summary>Products of one input with several weights: <c>yᵢ = x · Wᵢᵀ</c>.</summary>
/// <remarks>This is where an adapter's low-rank product goes: <c>yᵢ += s · (x · Aᵢᵀ) · Bᵢᵀ</c> on the rows that <see cref="StepInputs.AdapterRows"/> of
/// <see cref="Backend.Step"/> gives to the adapter (Hu et al. 2021, eq. 3).</remarks>
internal abstract class Projection
{
    /// <summary>Multiplies.</summary>
    /// <param name="x"><c>[T, in]</c>. Not modified.</param>
    /// <param name="y">One for each weight, <c>[T, outᵢ]</c>; none of them may be <paramref name="x"/>.</param>
    public abstract void Apply(Activations x, params ReadOnlySpan<Activations> y);
}
