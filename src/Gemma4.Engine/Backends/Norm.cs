namespace Gemma4.Engine.Backends;

/// <summary>Root-mean-square normalisation of every W numbers of a row, computed in float32: <c>y = w ∘ x / √(mean(x²) + eps)</c>.</summary>
/// <remarks>Zhang and Sennrich 2019, eq. 4. Gemma 4 scales by <c>w</c>, not <c>1 + w</c>. A row may hold several groups of W, as heads are.</remarks>
internal abstract class Norm
{
    /// <summary>Normalises.</summary>
    /// <param name="x"><c>[T, n · W]</c>.</param>
    /// <param name="y">Receives the result; may be <paramref name="x"/>.</param>
    public abstract void Apply(Activations x, Activations y);

    /// <summary><c>residual ← residual + norm(x)</c>.</summary>
    /// <param name="x"><c>[T, W]</c>; not defined afterwards.</param>
    /// <param name="residual"><c>[T, W]</c>.</param>
    public abstract void AddTo(Activations x, Activations residual);
}
