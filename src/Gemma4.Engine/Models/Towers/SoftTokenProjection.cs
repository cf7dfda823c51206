using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Towers;

/// <summary>Brings a tower's states into the text model's space: RMSNorm without scale, then a projection.</summary>
internal sealed class SoftTokenProjection(int towerSize, int hiddenSize, double eps, TensorWeights weights)
{
    private readonly RmsNorm _norm = new(null, eps);
    private readonly Linear _projection = weights.Linear("embedding_projection", hiddenSize, towerSize);

    /// <param name="x"><c>[M, d]</c>.</param>
    /// <returns>Soft tokens <c>[M, D]</c>; the caller owns them.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return scope.MoveToOuter(_projection.Forward(_norm.Forward(x)));
    }
}
