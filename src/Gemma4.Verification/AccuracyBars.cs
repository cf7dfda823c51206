using Gemma4.Engine;
namespace Gemma4.Verification;

/// <summary>How close a model must come to the float32 reference, by the dtype of its activations.</summary>
/// <param name="Hidden">For hidden states and soft tokens.</param>
/// <param name="Logits">For the last position's logits.</param>
/// <param name="Top">
/// For log-probabilities at every position, and for logits that our own soft tokens lead to, which carry the tower's rounding too.
/// </param>
/// <param name="GreedyGap">Greedy tokens may part where the reference's two best log-probabilities are closer than this.</param>
/// <param name="RoutingShare">Share of routed experts that may differ.</param>
/// <param name="Rounding">Relative size of one rounding.</param>
internal sealed record AccuracyBars(
    Tolerance Hidden, Tolerance Logits, Tolerance Top, float GreedyGap, float RoutingShare, float Rounding)
{
    /// <summary>True where the model rounds to bfloat16: a case is then held to how far the reference's own bfloat16 is, where that is known.</summary>
    public bool FollowsRoundedReference { get; init; }

    /// <summary>The bars of float32, or of what is rounded to bfloat16.</summary>
    public static AccuracyBars For(bool float32) => float32
        ? new(Tolerance.Float32, Tolerance.Float32, new Tolerance(2e-3f, 2e-3f), GreedyGap: 1e-3f, RoutingShare: 0, Rounding: 1.2e-7f)
        : new(new Tolerance(0.1f, 0.02f), new Tolerance(0.1f, 0.02f), new Tolerance(0.5f, 0.125f), GreedyGap: 0.15f, RoutingShare: 0.1f, Rounding: 7.8e-3f) { FollowsRoundedReference = true };

    /// <summary>How many of some routed experts may differ.</summary>
    public int RoutingDifferences(int count) => (int)(RoutingShare * count);
}
