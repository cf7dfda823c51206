using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>Chooses A of E experts for every token, and their weights.</summary>
internal sealed class Router(TextConfig config, MoeConfig moe, Weights weights)
{
    private readonly RmsNorm _norm = new(null, config.RmsNormEps);
    private readonly Linear _proj = weights.Linear("proj", moe.NumExperts, config.HiddenSize);
    private readonly Tensor _scale = weights.Take("scale", config.HiddenSize);                            // [D]
    private readonly ExpertChoice _choice = new(moe.NumActiveExperts, weights.TakeFloat32("per_expert_scale", moe.NumExperts));
    private readonly Scalar _rootScale = (1 / Math.Sqrt(config.HiddenSize)).ToScalar();

    /// <param name="residual"><c>[T, D]</c>, not normalised.</param>
    /// <returns>Experts <c>[T, A]</c> int64, best first, and their weights <c>[T, A]</c> float32; the caller owns both.</returns>
    public (Tensor Experts, Tensor Weights) Forward(Tensor residual)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _norm.Forward(residual) * _scale * _rootScale;                                         // [T, D]
        (Tensor experts, Tensor shares) = _choice.Of(_proj.Forward(x));                                   // [T, A]
        return (scope.MoveToOuter(experts), scope.MoveToOuter(shares));
    }
}
