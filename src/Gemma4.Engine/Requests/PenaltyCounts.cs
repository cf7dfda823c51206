using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gemma4.Engine.Requests;

/// <summary>How often each token of one sequence was generated, kept from step to step: what the penalties of <see cref="SamplingParams"/> are about.</summary>
/// <remarks>Takes memory by the number of different tokens. A token is counted once the next one is sampled behind it, so never a drafted one
/// that turned out wrong; tokens of a sequence stay when it is preempted, and so do their counts.</remarks>
internal sealed class PenaltyCounts
{
    private readonly Dictionary<int, int> _numGenerated = [];
    private readonly int _numPromptTokens;
    private int _numCounted;

    /// <summary>Nothing counted.</summary>
    /// <param name="sampling">Whether the prompt counts too depends on the penalty.</param>
    /// <param name="numPromptTokens">Leading tokens that were not generated.</param>
    public PenaltyCounts(SamplingParams sampling, int numPromptTokens)
    {
        _numPromptTokens = numPromptTokens;
        _numCounted = sampling.RepetitionPenalty != 1f ? 0 : numPromptTokens;
    }

    /// <summary>Whether any penalty is on.</summary>
    public static bool AreNeeded(SamplingParams sampling) =>
        sampling.RepetitionPenalty != 1f || sampling.PresencePenalty != 0f || sampling.FrequencyPenalty != 0f;

    /// <summary>Counts the tokens that were not counted yet.</summary>
    /// <param name="tokenIds">The sequence from its first token on; what was counted before is as it was.</param>
    public void CountTo(ReadOnlySpan<int> tokenIds)
    {
        Debug.Assert(tokenIds.Length >= _numCounted, "a sequence only grows");
        for (; _numCounted < tokenIds.Length; _numCounted++)
        {
            ref int numGenerated = ref CollectionsMarshal.GetValueRefOrAddDefault(_numGenerated, tokenIds[_numCounted], out _);
            numGenerated += _numCounted < _numPromptTokens ? 0 : 1;
        }
    }

    /// <summary>Each token that was counted, with how often it was generated: 0 where it stands in the prompt only.</summary>
    public Dictionary<int, int>.Enumerator GetEnumerator() => _numGenerated.GetEnumerator();
}
