namespace Gemma4.Engine.Scheduling;

/// <summary>What one step may hold.</summary>
/// <param name="MaxSequences">Sequences that run at once.</param>
/// <param name="MaxTokensPerStep">Tokens of a step; at least <paramref name="MaxSequences"/>, so that each running sequence gets its next.</param>
/// <param name="MaxEncoderTokensPerPass">Soft tokens of media that a sequence awaits at once; one item is always allowed.</param>
/// <param name="MaxContextLength">Tokens that a sequence may have.</param>
/// <param name="MediaIsBidirectional">Media tokens attend to each other both ways, so that a step computes all of an item or none.</param>
internal sealed record SchedulerLimits(
    int MaxSequences, int MaxTokensPerStep, int MaxEncoderTokensPerPass, int MaxContextLength, bool MediaIsBidirectional)
{
    /// <summary>Tokens that the eldest prompt can count on in a step beside one token for each other sequence.</summary>
    public int MaxWholeSpan => MaxTokensPerStep - MaxSequences + 1;
}
