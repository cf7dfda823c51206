using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Towers;

/// <summary>A tower's projection: clips its input and output to stored bounds where the checkpoint has them.</summary>
internal sealed class ClippedLinear
{
    private readonly Linear _linear;
    private readonly Bounds? _input;
    private readonly Bounds? _output;

    /// <param name="outFeatures">Rows of the weight.</param>
    /// <param name="inFeatures">Columns of the weight.</param>
    /// <param name="clips">True where the checkpoint stores bounds.</param>
    /// <param name="weights">Under the projection's name; the weight itself is one level deeper, in <c>linear</c>.</param>
    public ClippedLinear(int outFeatures, int inFeatures, bool clips, TensorWeights weights)
    {
        _linear = weights.Linear("linear", outFeatures, inFeatures);
        if (clips)
        {
            _input = new Bounds(weights.Take("input_min"), weights.Take("input_max"));
            _output = new Bounds(weights.Take("output_min"), weights.Take("output_max"));
        }
    }

    /// <param name="x"><c>[T, in]</c>.</param>
    /// <returns>A new tensor <c>[T, out]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = _linear.Forward(_input?.Clip(x) ?? x);
        return scope.MoveToOuter(_output?.Clip(y) ?? y);
    }

    /// <summary>Two stored scalars, each of shape <c>[]</c>.</summary>
    private sealed record Bounds(Tensor Min, Tensor Max)
    {
        public Tensor Clip(Tensor x) => x.clamp(Min, Max);
    }
}
