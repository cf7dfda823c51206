using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>One product with several weights that lie one under the other; what it gives is shared by the outputs as columns.</summary>
/// <param name="product">With all weights, <c>[Σ outᵢ, in]</c>.</param>
internal sealed class TorchProjection(Linear product) : Projection
{
    public override void Apply(Activations x, params ReadOnlySpan<Activations> y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = product.Forward(((TorchActivations)x).Operand);                             // [T, Σ outᵢ]
        int first = 0;
        foreach (Activations part in y)
        {
            ((TorchActivations)part).Set(all.narrow(1, first, part.Width));                    // [T, outᵢ]
            first += part.Width;
        }
    }
}
