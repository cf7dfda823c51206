using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Routed experts: choices sorted by expert, then one product for all gates and one for all downs, without the host knowing the choice.</summary>
/// <param name="gateUp"><c>[E, 2F, D]</c>.</param>
/// <param name="down"><c>[E, D, F]</c>.</param>
internal sealed class TorchExperts(Tensor gateUp, Tensor down) : Experts, IDisposable
{
    /// <summary>Tokens taken together: bounds the memory of their experts' results, A · D numbers each.</summary>
    private const int TokensAtOnce = 1024;

    private readonly Tensor _numbers = Arithmetic.Range(0, (int)gateUp.shape[0], gateUp.device).DetachFromDisposeScope();      // [E] int64
    private readonly int _width = (int)down.shape[2];

    public override void Apply(Activations x, ExpertChoice choice, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = ((TorchActivations)x).Operand;                                           // [T, D]
        var chosen = (TorchExpertChoice)choice;
        if (rows.shape[0] <= TokensAtOnce)
        {
            ((TorchActivations)y).Set(Apply(rows, chosen.ExpertsOfRows, chosen.SharesOfRows));
            return;
        }
        Tensor result = empty_like(rows);
        for (long first = 0; first < rows.shape[0]; first += TokensAtOnce)
        {
            using DisposeScope part = NewDisposeScope();
            long count = Math.Min(TokensAtOnce, rows.shape[0] - first);
            Tensor own = Apply(rows.narrow(0, first, count), chosen.ExpertsOfRows.narrow(0, first, count), chosen.SharesOfRows.narrow(0, first, count));
            result.narrow(0, first, count).copy_(own);
        }
        ((TorchActivations)y).Set(result);
    }

    public void Dispose() => _numbers.Dispose();

    /// <returns><c>[t, D]</c>; belongs to the caller's dispose scope.</returns>
    private Tensor Apply(Tensor x, Tensor experts, Tensor shares)
    {
        long t = experts.shape[0], a = experts.shape[1];
        (Tensor sorted, Tensor order) = experts.reshape(-1).sort(dim: 0, descending: false, stable: true);                     // [t · A]
        Tensor ends = searchsorted(sorted, _numbers, out_int32: true, right: true);                                            // [E] int32
        Tensor pairs = x.unsqueeze(1).expand(t, a, x.shape[1]).reshape(t * a, -1).index_select(0, order);                      // [t · A, D]
        Tensor gated = TorchGatedProjection.Gate(Operators.GroupedProduct(pairs, gateUp, ends), _width);                       // [t · A, F]
        Tensor found = Operators.GroupedProduct(gated, down, ends);                                                            // [t · A, D], sorted
        Tensor results = empty_like(found).index_copy_(0, order, found).view(t, a, -1);                                        // [t, A, D]
        return (results.to(ScalarType.Float32) * shares.unsqueeze(-1)).sum(1).to(x.dtype);                                     // [t, D]
    }
}
