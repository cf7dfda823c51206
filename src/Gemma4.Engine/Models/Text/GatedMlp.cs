using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>The dense feed-forward: <c>down(gelu(gate(x)) · up(x))</c>.</summary>
internal sealed class GatedMlp(int hiddenSize, int intermediateSize, Weights weights)
{
    private readonly Linear _gateProj = weights.Linear("gate_proj", intermediateSize, hiddenSize);
    private readonly Linear _upProj = weights.Linear("up_proj", intermediateSize, hiddenSize);
    private readonly Linear _downProj = weights.Linear("down_proj", hiddenSize, intermediateSize);
    private readonly Gelu _gelu = new(weights.Source.Cpu);

    /// <param name="x"><c>[T, D]</c>.</param>
    /// <returns>A new tensor <c>[T, D]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gated = _gelu.Gate(_gateProj.Forward(x), _upProj.Forward(x));                   // [T, F]
        return scope.MoveToOuter(_downProj.Forward(gated));                                   // [T, D]
    }
}
