using Gemma4.Engine.Backends;

namespace Gemma4.Engine.Models.Text;

/// <summary>The dense feed-forward: <c>down(gelu(gate(x)) ∘ up(x))</c>.</summary>
internal sealed class GatedMlp(int hiddenSize, int intermediateSize, Backend backend, Weights weights)
{
    private readonly GatedProjection _gateUp = backend.CreateGatedProjection(
        weights.Matrix("gate_proj", intermediateSize, hiddenSize), weights.Matrix("up_proj", intermediateSize, hiddenSize));
    private readonly Projection _down = backend.CreateProjection(weights.Matrix("down_proj", hiddenSize, intermediateSize));
    private readonly Activations _gated = backend.CreateActivations("gated", intermediateSize);     // [T, F]

    /// <param name="x"><c>[T, D]</c>. Not modified.</param>
    /// <param name="y">Receives <c>[T, D]</c>.</param>
    public void Forward(Activations x, Activations y)
    {
        _gateUp.Apply(x, _gated);                                                              // [T, F]
        _down.Apply(_gated, y);                                                                // [T, D]
    }
}
