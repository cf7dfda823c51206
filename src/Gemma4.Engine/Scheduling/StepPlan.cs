using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>One forward pass: which tokens of which sequences, and where their keys and values go.</summary>
/// <param name="Sequences">In batch order. Valid until the next plan is made.</param>
/// <param name="NumTokens">Sum over the sequences, T.</param>
public sealed record StepPlan(IReadOnlyList<ScheduledSequence> Sequences, int NumTokens)
{
    /// <summary>True when there is nothing to do.</summary>
    public bool IsEmpty => Sequences.Count == 0;
}

/// <summary>One sequence's share of a step: positions <c>FirstPosition .. FirstPosition + NumTokens - 1</c>.</summary>
/// <param name="Sequence">Tokens, sampling state and media of the sequence; the runner reads, the scheduler writes.</param>
/// <param name="FirstPosition">Tokens computed before this step.</param>
/// <param name="NumTokens">Tokens to compute in this step, at least 1.</param>
/// <param name="BlockTables">By KV group: the block of position p is <c>BlockTables[group][p / BlockSize]</c>.</param>
/// <param name="Samples">True when the last token's logits give the next token.</param>
public sealed record ScheduledSequence(
    Sequence Sequence, int FirstPosition, int NumTokens, IReadOnlyList<IReadOnlyList<BlockId>> BlockTables, bool Samples);
