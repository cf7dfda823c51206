using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step's result means for its sequence: a token more, the end, log-probabilities of the prompt.</summary>
internal static class SequenceProgress
{
    /// <summary>What the reader of a sequence that failed is told; the log says more.</summary>
    public const string SequenceFailedMessage = "The engine failed while computing this answer.";

    /// <summary>Appends the sampled token, if the plan sampled, and makes the event to report.</summary>
    /// <returns>False when there is nothing to report.</returns>
    public static bool TryAdvance(in ScheduledSequence scheduled, in SampledToken sampled, out TokenEvent e)
    {
        Sequence sequence = scheduled.Sequence;
        if (sampled.Fault is not null)
        {
            e = Ended(sequence, FinishReason.Error, SequenceFailedMessage);
            return true;
        }
        ImmutableArray<TokenLogprobs> promptLogprobs = NewPromptLogprobs(in scheduled, in sampled);
        if (scheduled.Samples)
            sequence.Append(sampled.TokenId);
        FinishReason? finish = scheduled.Samples
            ? FinishAfter(sequence, in sampled)
            : sequence.NumOutstandingTokens == 0 ? FinishReason.Length : null;
        e = new TokenEvent
        {
            SequenceIndex = sequence.Index,
            TokenId = scheduled.Samples ? sampled.TokenId : null,
            Logprobs = scheduled.Samples ? sampled.Logprobs : null,
            FinishReason = finish,
            PromptLogprobs = promptLogprobs,
            NumCachedTokens = sequence.NumCachedTokens,
        };
        return scheduled.Samples || finish is not null || !promptLogprobs.IsDefault;
    }

    /// <summary>The last event of a sequence that did not end by a token of its own.</summary>
    public static TokenEvent Ended(Sequence sequence, FinishReason reason, string? error) => new()
    {
        SequenceIndex = sequence.Index,
        FinishReason = reason,
        Error = error,
        NumCachedTokens = sequence.NumCachedTokens,
    };

    private static FinishReason? FinishAfter(Sequence sequence, in SampledToken sampled)
    {
        // An end token that is sampled although it was to be suppressed (nothing else was allowed) does not end the sequence.
        bool mayStop = sequence.NumOutputTokens > sequence.Request.MinTokens;
        if (sampled.EndsSequence || (mayStop && sequence.Request.StopTokenIds.AsSpan().Contains(sampled.TokenId)))
            return FinishReason.Stop;
        return sequence.NumOutputTokens >= sequence.MaxOutputTokens ? FinishReason.Length : null;
    }

    /// <summary>Those not reported before: after a preemption the prompt is computed again.</summary>
    private static ImmutableArray<TokenLogprobs> NewPromptLogprobs(in ScheduledSequence scheduled, in SampledToken sampled)
    {
        Sequence sequence = scheduled.Sequence;
        if (!sequence.NeedsPromptLogits)
            return default;
        int last = Math.Min(scheduled.FirstPosition + scheduled.NumTokens, sequence.NumPromptTokens - 1);
        int alreadyReported = sequence.NumPromptLogprobsReported - scheduled.FirstPosition;
        if (last <= sequence.NumPromptLogprobsReported)
            return default;
        if (sampled.PromptLogprobs.IsDefault || sampled.PromptLogprobs.Length != last - scheduled.FirstPosition)
            throw new InvalidOperationException("the runner left out log-probabilities of the prompt");
        sequence.NumPromptLogprobsReported = last;
        return sampled.PromptLogprobs[alreadyReported..];
    }
}
