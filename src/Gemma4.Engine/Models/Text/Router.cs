using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>Chooses A of E experts for every token, and their shares.</summary>
internal sealed class Router(TextConfig config, MoeConfig moe, Backend backend, Weights weights)
{
    private readonly Norm _norm = backend.CreateNorm(
        weights.Take("scale", config.HiddenSize), config.HiddenSize, config.RmsNormEps, (float)(1 / Math.Sqrt(config.HiddenSize)));
    private readonly Projection _proj = backend.CreateProjection(weights.Matrix("proj", moe.NumExperts, config.HiddenSize));
    private readonly ExpertRouter _router = backend.CreateRouter(moe.NumActiveExperts, weights.Take("per_expert_scale", moe.NumExperts));
    private readonly Activations _normed = backend.CreateWideActivations("router input", config.HiddenSize);     // [T, D]
    private readonly Activations _scores = backend.CreateWideActivations("expert scores", moe.NumExperts);       // [T, E]

    /// <param name="residual"><c>[T, D]</c>, not normalised. Not modified.</param>
    /// <returns>Experts and shares <c>[T, A]</c>; valid until the next call.</returns>
    public ExpertChoice Forward(Activations residual)
    {
        _norm.Apply(residual, _normed);                                                        // [T, D]
        _proj.Apply(_normed, _scores);                                                         // [T, E]
        return _router.Choose(_scores);                                                        // [T, A]
    }
}
