using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>A product with a weight matrix <c>[out, in]</c>: how the weight is stored and who multiplies is its own affair.</summary>
/// <remarks>Models know only this: a quantised weight or a kernel of ours stands in without a second forward pass.</remarks>
internal abstract class Linear(int outFeatures, int inFeatures)
{
    /// <summary>Rows of the weight.</summary>
    public int OutFeatures { get; } = outFeatures;

    /// <summary>Columns of the weight.</summary>
    public int InFeatures { get; } = inFeatures;

    /// <summary><c>x · Wᵀ</c>.</summary>
    /// <param name="x">Activations <c>[T, in]</c>.</param>
    /// <returns>A new tensor <c>[T, out]</c> in the dtype of <paramref name="x"/>; the caller owns it.</returns>
    public abstract Tensor Forward(Tensor x);
}
