using Gemma4.Engine.KvCache;

namespace Gemma4.Engine.Scheduling;

/// <summary>Cuts a chunk so that it neither splits an item that must stay whole nor begins more media than a step should encode.</summary>
internal static class MediaCut
{
    /// <summary>How many of a chunk's tokens may be computed now.</summary>
    /// <param name="sequence">Whose chunk begins at <paramref name="first"/>.</param>
    /// <param name="first">Position of the chunk's first token.</param>
    /// <param name="numTokens">Tokens that budget and memory allow.</param>
    /// <param name="limits">Encoder tokens a step, and whether items stay whole.</param>
    /// <param name="encoderTokensUsed">Soft tokens of the media that the step encodes already.</param>
    /// <param name="encoderTokens">Soft tokens of the media that this chunk adds.</param>
    public static int Apply(
        Sequence sequence, int first, int numTokens, SchedulerLimits limits, int encoderTokensUsed, out int encoderTokens)
    {
        encoderTokens = 0;
        KeyedSpan[] spans = sequence.MediaSpans;
        for (int i = 0; i < spans.Length; i++)
        {
            KeyedSpan span = spans[i];
            if (span.End <= first)
                continue;
            if (span.FirstPosition >= first + numTokens)
                break;
            int before = Math.Max(0, span.FirstPosition - first);
            if (limits.MediaIsBidirectional && span.End > first + numTokens)
                return before;
            if (i < sequence.NumMediaReached)
                continue;
            int used = encoderTokensUsed + encoderTokens;
            if (used > 0 && used + span.NumPositions > limits.MaxEncoderTokensPerStep)
                return before;
            encoderTokens += span.NumPositions;
        }
        return numTokens;
    }

    /// <summary>Number of leading items that begin before a position.</summary>
    public static int NumReached(Sequence sequence, int end)
    {
        int reached = 0;
        while (reached < sequence.MediaSpans.Length && sequence.MediaSpans[reached].FirstPosition < end)
            reached++;
        return reached;
    }
}
