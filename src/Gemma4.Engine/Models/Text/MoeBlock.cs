using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>Routed experts: tokens are grouped by expert, and only the chosen experts' weights are touched.</summary>
internal sealed class MoeBlock(TextConfig config, MoeConfig moe, Weights weights)
{
    private readonly IReadOnlyList<Linear> _gateUp =
        weights.Linears("gate_up_proj", moe.NumExperts, 2 * moe.IntermediateSize, config.HiddenSize);     // rows 0..F-1 gate, F..2F-1 up
    private readonly IReadOnlyList<Linear> _down =
        weights.Linears("down_proj", moe.NumExperts, config.HiddenSize, moe.IntermediateSize);

    private readonly Gelu _gelu = new(weights.Source.Cpu);
    private readonly Scalar _numActive = moe.NumActiveExperts.ToScalar();

    /// <param name="x"><c>[T, D]</c>, normalised.</param>
    /// <param name="experts">Chosen experts <c>[T, A]</c> int64.</param>
    /// <param name="weights">Their weights <c>[T, A]</c> float32.</param>
    /// <returns>A new tensor <c>[T, D]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, Tensor experts, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = zeros_like(x);                                                                         // [T, D]
        // Sorting the T·A choices by expert makes each expert's tokens one run; a stable sort keeps them in order of rows.
        (Tensor sorted, Tensor order) = experts.view(-1).sort(dim: 0, descending: false, stable: true);   // [T·A]
        long[] expertOf = sorted.cpu().data<long>().ToArray();
        Tensor rows = order.div(_numActive, RoundingMode.floor);                                              // [T·A]
        Tensor shares = weights.view(-1).index_select(0, order).to(x.dtype).unsqueeze(1);                 // [T·A, 1]
        for (int first = 0; first < expertOf.Length;)
        {
            int end = first + 1;
            while (end < expertOf.Length && expertOf[end] == expertOf[first])
                end++;
            using DisposeScope expert = NewDisposeScope();
            Tensor ownRows = rows.narrow(0, first, end - first);                                          // [t]
            Tensor output = Expert((int)expertOf[first], x.index_select(0, ownRows));                     // [t, D]
            y.index_add_(0, ownRows, output * shares.narrow(0, first, end - first), Arithmetic.One);
            first = end;
        }
        return scope.MoveToOuter(y);
    }

    private Tensor Expert(int index, Tensor x)
    {
        Tensor both = _gateUp[index].Forward(x);                                                          // [t, 2F]
        Tensor gated = _gelu.Gate(both.narrow(1, 0, moe.IntermediateSize), both.narrow(1, moe.IntermediateSize, moe.IntermediateSize));
        return _down[index].Forward(gated);                                                               // [t, D]
    }
}
