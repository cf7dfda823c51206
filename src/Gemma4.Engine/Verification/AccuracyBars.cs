using static TorchSharp.torch;

namespace Gemma4.Engine.Verification;

/// <summary>How close a model must come to the float32 reference, by the dtype it computes in.</summary>
/// <param name="Hidden">For hidden states and soft tokens.</param>
/// <param name="Logits">For the last position's logits.</param>
/// <param name="Top">
/// For log-probabilities at every position, and for logits that our own soft tokens lead to. Random models with unscaled attention multiply
/// a rounding difference some hundredfold on its way, so this bar is wider; a wrong model misses it by orders of magnitude.
/// </param>
/// <param name="GreedyGap">Greedy tokens may part where the reference's two best log-probabilities are closer than this.</param>
/// <param name="RoutingShare">Share of routed experts that may differ.</param>
internal sealed record AccuracyBars(Tolerance Hidden, Tolerance Logits, Tolerance Top, float GreedyGap, float RoutingShare)
{
    /// <summary>The bars of a dtype.</summary>
    public static AccuracyBars For(ScalarType dtype) => dtype == ScalarType.Float32
        ? new AccuracyBars(Tolerance.Float32, Tolerance.Float32, new Tolerance(2e-3f, 2e-3f), GreedyGap: 1e-3f, RoutingShare: 0)
        : new AccuracyBars(new Tolerance(0.25f, 0.0625f), new Tolerance(0.25f, 0.0625f), new Tolerance(0.5f, 0.125f), GreedyGap: 0.15f, RoutingShare: 0.1f);

    /// <summary>How many of some routed experts may differ.</summary>
    public int RoutingDifferences(int count) => (int)(RoutingShare * count);
}
