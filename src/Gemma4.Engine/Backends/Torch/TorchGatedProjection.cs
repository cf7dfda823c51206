using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The gated activation on one product with both weights, gate above up.</summary>
/// <param name="product"><c>[2F, in]</c>; <c>[F, in]</c>, the gate alone, where the second factor is given.</param>
/// <param name="width">F.</param>
internal sealed class TorchGatedProjection(Linear product, int width) : GatedProjection
{
    public override void Apply(Activations x, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor both = product.Forward(((TorchActivations)x).Operand);                            // [T, 2F]
        ((TorchActivations)y).Set(Gate(both, width));                                          // [T, F]
    }

    public override void Apply(Activations x, Activations u, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gate = product.Forward(((TorchActivations)x).Operand);                            // [T, F]
        ((TorchActivations)y).Set(nn.functional.gelu(gate, GELU.Approximate.tanh).mul_(((TorchActivations)u).Value));
    }

    /// <summary><c>gelu(first F columns) ∘ (last F columns)</c>; belongs to the caller's dispose scope.</summary>
    /// <param name="both"><c>[R, 2F]</c>.</param>
    /// <param name="width">F.</param>
    /// <returns><c>[R, F]</c>.</returns>
    public static Tensor Gate(Tensor both, int width) =>
        nn.functional.gelu(both.narrow(1, 0, width), GELU.Approximate.tanh).mul_(both.narrow(1, width, width));
}
