using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>libtorch's product with a plain weight in the dtype of the activations.</summary>
/// <param name="weight"><c>[out, in]</c>, contiguous; owned by the weight source.</param>
internal sealed class DenseLinear(Tensor weight) : Linear((int)weight.shape[0], (int)weight.shape[1])
{
    public override Tensor Forward(Tensor x) => nn.functional.linear(x, weight);
}
