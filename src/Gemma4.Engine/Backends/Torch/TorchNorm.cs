using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Normalisation by libtorch's operator: computed in float32, rounded once, as the reference does.</summary>
/// <param name="scale"><c>[W]</c> in the dtype of activations; null for none.</param>
/// <param name="width">W.</param>
/// <param name="eps">Added to the mean square inside the root.</param>
internal sealed class TorchNorm(Tensor? scale, int width, double eps) : Norm
{
    public override void Apply(Activations x, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = ((TorchActivations)x).Value;                                             // [T, n · W]
        Tensor groups = rows.view(rows.shape[0], -1, width);                                   // [T, n, W]
        ((TorchActivations)y).Set(Operators.RmsNorm(groups, width, scale, eps).view(rows.shape));
    }

    public override void AddTo(Activations x, Activations residual)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor normed = Operators.RmsNorm(((TorchActivations)x).Value, width, scale, eps);     // [T, W]
        ((TorchActivations)residual).Value.add_(normed, Arithmetic.One);
    }
}
