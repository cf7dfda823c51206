using System.Collections.Immutable;
using System.Numerics;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>Penalties, biases and masks, written into a sequence's own copy of its logits.</summary>
/// <param name="vocabularySize">V.</param>
internal sealed class LogitsProcessor(int vocabularySize)
{
    private readonly uint[] _mask = new uint[(vocabularySize + 31) / 32];

    /// <summary>True when <see cref="Apply"/> would change a logit, or may.</summary>
    public static bool IsNeeded(in SamplingInputs inputs) =>
        IsNeeded(inputs.Params) || inputs.ForbiddenTokenIds.Length > 0 || inputs.Mask.Length > 0;

    /// <summary>True when the parameters alone ask for it.</summary>
    public static bool IsNeeded(SamplingParams p) =>
        PenaltyCounts.AreNeeded(p) || !p.LogitBias.IsEmpty
        || p.AllowedTokenIds.Length > 0 || p.SuppressedTokenIds.Length > 0 || p.BadWords.Length > 0;

    /// <summary>Changes <paramref name="logits"/> <c>[V]</c> in place. A token that may not be chosen becomes −∞.</summary>
    public void Apply(Span<float> logits, in SamplingInputs inputs)
    {
        SamplingParams p = inputs.Params;
        if (PenaltyCounts.AreNeeded(p))
            Penalise(logits, p, inputs.Counts ?? throw new InvalidOperationException("Penalties need the sequence's counts."));
        foreach ((int id, float bias) in p.LogitBias)
            logits[id] += bias;
        if (p.AllowedTokenIds.Length > 0)
            KeepOnly(logits, p.AllowedTokenIds);
        foreach (int id in p.SuppressedTokenIds)
            logits[id] = float.NegativeInfinity;
        foreach (int id in inputs.ForbiddenTokenIds)
            logits[id] = float.NegativeInfinity;
        foreach (ImmutableArray<int> words in p.BadWords)
            ForbidCompletion(logits, words.AsSpan(), inputs.TokenIds);
        if (inputs.Mask.Length > 0)
            ApplyMask(logits, inputs.Mask);
    }

    /// <summary>Keskar et al. 2019, section 4.1, over prompt and output; presence and frequency as OpenAI defines them, over the output.</summary>
    private static void Penalise(Span<float> logits, SamplingParams p, PenaltyCounts counts)
    {
        foreach ((int id, int numGenerated) in counts)
        {
            float logit = logits[id];
            if (p.RepetitionPenalty != 1f)
                logit = logit > 0 ? logit / p.RepetitionPenalty : logit * p.RepetitionPenalty;
            if (numGenerated > 0)
                logit -= p.PresencePenalty + p.FrequencyPenalty * numGenerated;
            logits[id] = logit;
        }
    }

    private void KeepOnly(Span<float> logits, ImmutableArray<int> allowed)
    {
        Array.Clear(_mask);
        foreach (int id in allowed)
            _mask[id >> 5] |= 1u << (id & 31);
        ApplyMask(logits, _mask);
    }

    private static void ForbidCompletion(Span<float> logits, ReadOnlySpan<int> words, ReadOnlySpan<int> tokens)
    {
        if (tokens.EndsWith(words[..^1]))
            logits[words[^1]] = float.NegativeInfinity;
    }

    private static void ApplyMask(Span<float> logits, ReadOnlySpan<uint> mask)
    {
        for (int word = 0; word < mask.Length; word++)
        {
            // Most words of a grammar's mask are all zeros or all ones.
            uint forbidden = ~mask[word];
            int first = word * 32, end = Math.Min(first + 32, logits.Length);
            if (forbidden == uint.MaxValue)
            {
                logits[first..end].Fill(float.NegativeInfinity);
                continue;
            }
            for (; forbidden != 0; forbidden &= forbidden - 1)
            {
                int id = first + BitOperations.TrailingZeroCount(forbidden);
                if (id < end)
                    logits[id] = float.NegativeInfinity;
            }
        }
    }
}
