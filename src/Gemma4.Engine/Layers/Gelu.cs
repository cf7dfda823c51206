using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>The gated activation of every feed-forward: <c>gelu(gate) · up</c> with the tanh form of GELU.</summary>
/// <remarks>Hendrycks and Gimpel 2016, section 2, the tanh approximation (<c>gelu_pytorch_tanh</c>).</remarks>
internal static class Gelu
{
    /// <summary><c>gelu(x)</c>, a new tensor of the same shape; the caller owns it.</summary>
    public static Tensor Forward(Tensor x) => nn.functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh);

    /// <summary><c>gelu(gate) · up</c>, a new tensor; the caller owns it. Neither argument is modified.</summary>
    public static Tensor Gate(Tensor gate, Tensor up)
    {
        using DisposeScope scope = NewDisposeScope();
        return scope.MoveToOuter(Forward(gate).mul_(up));
    }
}
