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
            e = Failed(sequence, sampled.Fault);
            return true;
        }
        ImmutableArray<TokenLogprobs> promptLogprobs = NewPromptLogprobs(in scheduled, in sampled);
        if (scheduled.Samples)
            sequence.Append(sampled.TokenId);
        FinishReason? finish = scheduled.Samples
            ? FinishAfter(sequence)
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

    /// <summary>The last event of a sequence that failed alone. The caller is told what its request did wrong, and of our own faults only that.</summary>
    public static TokenEvent Failed(Sequence sequence, Exception fault) =>
        Ended(sequence, FinishReason.Error, fault is RequestRejectedException ? fault.Message : SequenceFailedMessage) with
        {
            Rejection = fault as RequestRejectedException,
        };

    /// <summary>The last event of a sequence whose end was open until its constraint had dealt with the last token or made the next mask.</summary>
    /// <returns>False when it goes on.</returns>
    public static bool TryEnd(Sequence sequence, out TokenEvent e)
    {
        e = default;
        if (sequence.ConstraintFault is { } fault)
            e = Failed(sequence, fault);
        else if (sequence.NumOutputTokens > 0 && FinishAfter(sequence) is { } finish)
            e = Ended(sequence, finish, null);
        return e.FinishReason is not null;
    }

    /// <summary>Whether a token that is sampled next ends the sequence, whatever its constraint says.</summary>
    public static bool IsStopToken(Sequence sequence, int tokenId) =>
        !sequence.SuppressesStopTokens && sequence.Request.StopTokenIds.AsSpan().Contains(tokenId);

    /// <summary>How the last token ends the sequence; null while it goes on or its constraint has not said.</summary>
    private static FinishReason? FinishAfter(Sequence sequence)
    {
        // An end token that is sampled although it was to be suppressed (nothing else was allowed) does not end the sequence.
        bool mayStop = sequence.NumOutputTokens > sequence.Request.MinTokens;
        if (mayStop && sequence.Request.StopTokenIds.AsSpan().Contains(sequence.TokenIds[^1]))
            return FinishReason.Stop;
        return sequence.Accepted switch
        {
            AcceptResult.Complete => FinishReason.Stop,
            AcceptResult.Loops => FinishReason.Length,
            AcceptResult.NotAtOnce => null,
            _ => sequence.NumOutputTokens >= sequence.MaxOutputTokens ? FinishReason.Length : null,
        };
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
