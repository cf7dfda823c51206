using System.Collections.Immutable;
using System.Numerics;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>Penalties, biases and masks, written into a sequence's own copy of its logits.</summary>
/// <param name="vocabularySize">V.</param>
internal sealed class LogitsProcessor(int vocabularySize)
{
    private readonly uint[] _mask = new uint[(vocabularySize + 31) / 32];
    private readonly Dictionary<int, int> _outputCounts = [];
    private readonly HashSet<int> _seen = [];

    /// <summary>True when <see cref="Apply"/> would change a logit, or may.</summary>
    public static bool IsNeeded(in SamplingInputs inputs)
    {
        SamplingParams p = inputs.Params;
        return p.RepetitionPenalty != 1f || p.PresencePenalty != 0f || p.FrequencyPenalty != 0f || !p.LogitBias.IsEmpty
            || p.AllowedTokenIds.Length > 0 || p.SuppressedTokenIds.Length > 0 || p.BadWords.Length > 0
            || inputs.ForbiddenTokenIds.Length > 0 || inputs.Mask.Length > 0;
    }

    /// <summary>Changes <paramref name="logits"/> <c>[V]</c> in place. A token that may not be chosen becomes −∞.</summary>
    public void Apply(Span<float> logits, in SamplingInputs inputs)
    {
        SamplingParams p = inputs.Params;
        Penalise(logits, inputs);
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
    private void Penalise(Span<float> logits, in SamplingInputs inputs)
    {
        SamplingParams p = inputs.Params;
        if (p.RepetitionPenalty != 1f)
        {
            _seen.Clear();
            foreach (int id in inputs.TokenIds)
            {
                if (_seen.Add(id))
                    logits[id] = logits[id] > 0 ? logits[id] / p.RepetitionPenalty : logits[id] * p.RepetitionPenalty;
            }
        }
        if (p.PresencePenalty == 0f && p.FrequencyPenalty == 0f)
            return;
        _outputCounts.Clear();
        foreach (int id in inputs.TokenIds[inputs.NumPromptTokens..])
            _outputCounts[id] = _outputCounts.GetValueOrDefault(id) + 1;
        foreach ((int id, int count) in _outputCounts)
            logits[id] -= p.PresencePenalty + p.FrequencyPenalty * count;
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
