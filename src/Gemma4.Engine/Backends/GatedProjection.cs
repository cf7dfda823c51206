namespace Gemma4.Engine.Backends;

/// <summary>The gated activation of every feed-forward, <c>gelu(x · gateᵀ) ∘ u</c>, with the tanh form of GELU.</summary>
/// <remarks>Hendrycks and Gimpel 2016, section 2, the tanh approximation (<c>gelu_pytorch_tanh</c>).</remarks>
internal abstract class GatedProjection
{
    /// <summary>With <c>u = x · upᵀ</c>.</summary>
    /// <param name="x"><c>[T, in]</c>. Not modified.</param>
    /// <param name="y">Receives <c>[T, F]</c>.</param>
    public abstract void Apply(Activations x, Activations y);

    /// <summary>With a factor that is given.</summary>
    /// <param name="x"><c>[T, in]</c>. Not modified.</param>
    /// <param name="u"><c>[T, F]</c>. Not modified.</param>
    /// <param name="y">Receives <c>[T, F]</c>.</param>
    public abstract void Apply(Activations x, Activations u, Activations y);
}
