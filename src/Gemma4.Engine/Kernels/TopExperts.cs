namespace Gemma4.Engine.Kernels;

/// <summary>A router's choice for one token: the A best of E experts and their shares, <c>softmax</c> over the chosen.</summary>
/// <remarks>
/// The reference takes the softmax over all E, the A best of it and divides by their sum; the sum over all cancels out. Equal scores go to
/// the lower index. Walks in order, so the result depends on the token's scores alone.
/// </remarks>
internal static class TopExperts
{
    /// <summary>The definition.</summary>
    public static void Reference(ReadOnlySpan<float> scores, ReadOnlySpan<float> expertScale, Span<long> experts, Span<float> shares)
    {
        float[] copy = scores.ToArray();
        int[] best = [.. Enumerable.Range(0, copy.Length).OrderByDescending(e => copy[e]).ThenBy(e => e).Take(experts.Length)];
        double sum = best.Sum(e => Math.Exp((double)copy[e] - copy[best[0]]));
        for (int a = 0; a < best.Length; a++)
        {
            experts[a] = best[a];
            shares[a] = (float)(Math.Exp((double)copy[best[a]] - copy[best[0]]) / sum * expertScale[best[a]]);
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="scores">The token's scores <c>[E]</c>.</param>
    /// <param name="expertScale">What each expert's share is multiplied with, <c>[E]</c>.</param>
    /// <param name="experts">Receives the chosen <c>[A]</c>, best first; A ≤ E.</param>
    /// <param name="shares">Receives their shares <c>[A]</c>.</param>
    public static void Run(ReadOnlySpan<float> scores, ReadOnlySpan<float> expertScale, Span<long> experts, Span<float> shares)
    {
        int count = 0;
        for (int expert = 0; expert < scores.Length; expert++)
        {
            float score = scores[expert];
            if (count == experts.Length && !(score > shares[count - 1]))
                continue;
            int at = count < experts.Length ? count++ : count - 1;
            for (; at > 0 && score > shares[at - 1]; at--)
                (experts[at], shares[at]) = (experts[at - 1], shares[at - 1]);
            (experts[at], shares[at]) = (expert, score);
        }
        float best = shares[0];
        for (int a = 0; a < count; a++)
            shares[a] -= best;
        Exponential.Run(shares, shares);
        float sum = 0;
        for (int a = 0; a < count; a++)
            sum += shares[a];
        for (int a = 0; a < count; a++)
            shares[a] = shares[a] / sum * expertScale[(int)experts[a]];
    }
}
