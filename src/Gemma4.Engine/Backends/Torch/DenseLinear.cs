using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>libtorch's product with a plain weight. Activations in another dtype have the weight converted for the call: a router's, which is small.</summary>
/// <param name="weight"><c>[out, in]</c>, contiguous; owned by the weight source.</param>
internal sealed class DenseLinear(Tensor weight) : Linear((int)weight.shape[0], (int)weight.shape[1])
{
    public override Tensor Forward(Tensor x)
    {
        if (x.dtype == weight.dtype)
            return nn.functional.linear(x, weight);
        using Tensor converted = weight.to(x.dtype);
        return nn.functional.linear(x, converted);
    }
}
