using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Normalisation by libtorch's operator: computed in float32, rounded once, as the reference does.</summary>
/// <remarks>
/// What is added up stays in float32 until a norm reads it: a residual takes several additions a layer, and rounding each of them is most of
/// what bfloat16 costs.
/// </remarks>
/// <param name="scale"><c>[W]</c>; null for none.</param>
/// <param name="width">W.</param>
/// <param name="eps">Added to the mean square inside the root.</param>
internal sealed class TorchNorm(NormScale? scale, int width, double eps) : Norm
{
    public override void Apply(Activations x, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = ((TorchActivations)x).Value;                                             // [T, n · W]
        Tensor normed = Normalised(rows.view(rows.shape[0], -1, width));                       // [T, n, W]
        ((TorchActivations)y).Set(normed.view(rows.shape).to(((TorchActivations)y).Dtype));
    }

    public override void AddTo(Activations x, Activations residual)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor normed = Normalised(((TorchActivations)x).Value);                               // [T, W]
        var sum = (TorchActivations)residual;
        if (sum.Value.dtype == ScalarType.Float32)
            sum.Value.add_(normed, Arithmetic.One);
        else
            sum.Set(sum.Value.to(ScalarType.Float32).add_(normed, Arithmetic.One));
    }

    private Tensor Normalised(Tensor x) => Operators.RmsNorm(x, width, x.dtype == ScalarType.Float32 ? scale?.Wide : scale?.Rounded, eps);
}

/// <summary>A scale in each dtype that a norm reads: libtorch's fused kernel wants that of its input.</summary>
/// <param name="Wide"><c>[W]</c> float32.</param>
/// <param name="Rounded"><c>[W]</c> in the dtype of activations.</param>
internal sealed record NormScale(Tensor Wide, Tensor Rounded);
