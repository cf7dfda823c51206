using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>The routed experts beside a layer's dense feed-forward, each branch with its own norms.</summary>
internal sealed class MoeBlock
{
    private readonly Backend _backend;
    private readonly int _layer;
    private readonly Router _router;
    private readonly Experts _experts;
    private readonly Norm _postDenseNorm;
    private readonly Norm _preMoeNorm;
    private readonly Norm _postMoeNorm;
    private readonly Activations _normed;      // [T, D]
    private readonly Activations _routed;      // [T, D]

    /// <param name="config">The text model.</param>
    /// <param name="moe">Its experts.</param>
    /// <param name="layer">Number of the layer.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="weights">Of the layer.</param>
    public MoeBlock(TextConfig config, MoeConfig moe, int layer, Backend backend, Weights weights)
    {
        int d = config.HiddenSize, f = moe.IntermediateSize;
        _backend = backend;
        _layer = layer;
        _router = new Router(config, moe, backend, weights["router"]);
        StoredWeight gateUp = weights["experts"].Take("gate_up_proj", moe.NumExperts, 2 * f, d);      // rows 0..F-1 gate, F..2F-1 up
        StoredWeight down = weights["experts"].Take("down_proj", moe.NumExperts, d, f);
        _experts = backend.CreateExperts([.. Enumerable.Range(0, moe.NumExperts).Select(e => new ExpertWeights(
            gateUp.Slice(e * 2 * f, f), gateUp.Slice(e * 2 * f + f, f), down.Slice(e * d, d)))]);
        _postDenseNorm = backend.CreateNorm(weights.Scale("post_feedforward_layernorm_1", d), d, config.RmsNormEps);
        _preMoeNorm = backend.CreateNorm(weights.Scale("pre_feedforward_layernorm_2", d), d, config.RmsNormEps);
        _postMoeNorm = backend.CreateNorm(weights.Scale("post_feedforward_layernorm_2", d), d, config.RmsNormEps);
        _normed = backend.CreateActivations("normed", d);
        _routed = backend.CreateActivations("routed", d);
    }

    /// <summary><c>dense ← norm(dense) + norm(experts(norm(residual)))</c>.</summary>
    /// <param name="residual"><c>[T, D]</c>. Not modified.</param>
    /// <param name="dense">What the dense feed-forward gave, <c>[T, D]</c>.</param>
    /// <param name="observer">Sees the choice; null in service.</param>
    public void Join(Activations residual, Activations dense, IForwardObserver? observer)
    {
        ExpertChoice choice = _router.Forward(residual);                                       // [T, A]
        observer?.Routing(_layer, choice);
        _preMoeNorm.Apply(residual, _normed);                                                  // [T, D]
        _experts.Apply(_normed, choice, _routed);                                              // [T, D]
        _postDenseNorm.Apply(dense, dense);
        _postMoeNorm.AddTo(_routed, dense);
    }
}
