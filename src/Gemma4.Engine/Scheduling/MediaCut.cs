using Gemma4.Engine.KvCache;

namespace Gemma4.Engine.Scheduling;

/// <summary>Cuts a chunk before media that are not encoded yet, and so that it does not split an item that must stay whole.</summary>
internal static class MediaCut
{
    /// <summary>How many of a chunk's tokens may be computed now.</summary>
    /// <param name="sequence">Whose chunk begins at <paramref name="first"/>.</param>
    /// <param name="first">Position of the chunk's first token.</param>
    /// <param name="numTokens">Tokens that budget and memory allow.</param>
    /// <param name="keepWhole">Whether an item's tokens are computed in one step or not at all.</param>
    public static int Apply(Sequence sequence, int first, int numTokens, bool keepWhole)
    {
        KeyedSpan[] spans = sequence.MediaSpans;
        for (int i = FirstNeeded(sequence, first); i < spans.Length && spans[i].FirstPosition < first + numTokens; i++)
        {
            if (i >= sequence.NumMediaEncoded || (keepWhole && spans[i].End > first + numTokens))
                return Math.Max(0, spans[i].FirstPosition - first);
        }
        return numTokens;
    }

    /// <summary>The first item that a sequence cannot do without and that is not encoded yet; the number of items if there is none.</summary>
    /// <param name="sequence">Whose tokens before <paramref name="first"/> are computed.</param>
    /// <param name="first">Position of the first token that is not.</param>
    public static int FirstAwaited(Sequence sequence, int first) => Math.Max(sequence.NumMediaEncoded, FirstNeeded(sequence, first));

    /// <summary>Whether the next token of a sequence waits for an item.</summary>
    public static bool IsAwaited(Sequence sequence, int first)
    {
        int awaited = FirstAwaited(sequence, first);
        return awaited < sequence.MediaSpans.Length && sequence.MediaSpans[awaited].FirstPosition <= first;
    }

    /// <summary>Tokens from a position to the end of the item that begins there or around it; 0 where none does.</summary>
    public static int RestOfItem(Sequence sequence, int first)
    {
        int i = FirstNeeded(sequence, first);
        return i < sequence.MediaSpans.Length && sequence.MediaSpans[i].FirstPosition <= first ? sequence.MediaSpans[i].End - first : 0;
    }

    private static int FirstNeeded(Sequence sequence, int first)
    {
        int i = 0;
        while (i < sequence.MediaSpans.Length && sequence.MediaSpans[i].End <= first)
            i++;
        return i;
    }
}
