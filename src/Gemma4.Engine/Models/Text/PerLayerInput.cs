using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>The last addition of a layer: its per-layer embedding, gated by the residual.</summary>
internal sealed class PerLayerInput(TextConfig config, Backend backend, Weights weights)
{
    private readonly GatedProjection _gate = backend.CreateGatedProjection(weights.Matrix("per_layer_input_gate", config.PerLayerWidth, config.HiddenSize), null);
    private readonly Projection _projection = backend.CreateProjection(weights.Matrix("per_layer_projection", config.HiddenSize, config.PerLayerWidth));
    private readonly Norm _norm = backend.CreateNorm(weights.Scale("post_per_layer_input_norm", config.HiddenSize), config.HiddenSize, config.RmsNormEps);
    private readonly Activations _gated = backend.CreateActivations("per-layer gated", config.PerLayerWidth);     // [T, P]
    private readonly Activations _branch = backend.CreateActivations("branch", config.HiddenSize);                // [T, D]

    /// <param name="residual"><c>[T, D]</c>; the addition goes to it.</param>
    /// <param name="perLayer">The layer's embeddings <c>[T, P]</c>. Not modified.</param>
    public void AddTo(Activations residual, Activations perLayer)
    {
        _gate.Apply(residual, perLayer, _gated);                                               // [T, P]
        _projection.Apply(_gated, _branch);                                                    // [T, D]
        _norm.AddTo(_branch, residual);
    }
}
