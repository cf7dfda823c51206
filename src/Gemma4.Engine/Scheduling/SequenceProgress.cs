using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step's result means for its sequence: tokens more, the end, log-probabilities of the prompt.</summary>
internal static class SequenceProgress
{
    /// <summary>What the reader of a sequence that failed is told; the log says more.</summary>
    public const string SequenceFailedMessage = "The engine failed while computing this answer.";

    /// <summary>What the reader of a sequence is told that was ended because memory was short.</summary>
    public const string OutOfMemoryMessage = "The server ran out of memory while computing this answer, the largest at that time. A shorter prompt may succeed.";

    /// <summary>What the reader of a sequence is told while a step hangs.</summary>
    public const string StalledMessage = "The engine did not answer in its time while computing this answer. Please try again later.";

    /// <summary>Appends the last token of the run, if the plan sampled, and makes the events to report: one a token.</summary>
    /// <param name="scheduled">The sequence, whose right drafts are known tokens by now.</param>
    /// <param name="run">What the step gave it. Only its last token can be the sequence's end: no draft that would be is verified.</param>
    /// <param name="outputs">Receives the events; the last says whether the sequence has ended.</param>
    public static void Advance(in ScheduledSequence scheduled, in SampledRun run, List<SequenceOutput> outputs)
    {
        Sequence sequence = scheduled.Sequence;
        ReadOnlySpan<SampledToken> tokens = run.Tokens.Span;
        ImmutableArray<TokenLogprobs> promptLogprobs = run.Fault is null ? NewPromptLogprobs(in scheduled, in run) : default;
        for (int i = 0; i < tokens.Length; i++)
        {
            bool isConfirmedDraft = i < run.NumConfirmed;
            if (!isConfirmedDraft)
                sequence.Append(tokens[i].TokenId);
            outputs.Add(new SequenceOutput(sequence, Event(sequence, isConfirmedDraft ? null : FinishAfter(sequence)) with
            {
                TokenId = tokens[i].TokenId,
                Logprobs = tokens[i].Logprobs,
                PromptLogprobs = i == 0 ? promptLogprobs : default,
            }, tokens.Length - i));
        }
        if (run.Fault is not null)
        {
            outputs.Add(new SequenceOutput(sequence, Failed(sequence, run.Fault), 0));
        }
        else if (tokens.IsEmpty)
        {
            FinishReason? finish = sequence.NumOutstandingTokens == 0 ? FinishReason.Length : null;
            if (finish is not null || !promptLogprobs.IsDefault)
                outputs.Add(new SequenceOutput(sequence, Event(sequence, finish) with { PromptLogprobs = promptLogprobs }, 0));
        }
    }

    /// <summary>The last event of a sequence that did not end by a token of its own.</summary>
    public static TokenEvent Ended(Sequence sequence, FinishReason reason, string? error) => Event(sequence, reason) with { Error = error };

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

    /// <summary>Whether a token that is sampled behind some drafts ends the sequence, whatever its constraint says.</summary>
    public static bool IsStopToken(Sequence sequence, int tokenId, int numDrafts) =>
        !sequence.SuppressesStopTokensAfter(numDrafts) && sequence.Request.StopTokenIds.AsSpan().Contains(tokenId);

    private static TokenEvent Event(Sequence sequence, FinishReason? finish) => new()
    {
        SequenceIndex = sequence.Index,
        FinishReason = finish,
        NumCachedTokens = sequence.NumCachedTokens,
    };

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
    private static ImmutableArray<TokenLogprobs> NewPromptLogprobs(in ScheduledSequence scheduled, in SampledRun run)
    {
        Sequence sequence = scheduled.Sequence;
        if (!sequence.NeedsPromptLogits)
            return default;
        int last = Math.Min(scheduled.FirstPosition + scheduled.NumTokens, sequence.NumPromptTokens - 1);
        int alreadyReported = sequence.NumPromptLogprobsReported - scheduled.FirstPosition;
        if (last <= sequence.NumPromptLogprobsReported)
            return default;
        if (run.PromptLogprobs.IsDefault || run.PromptLogprobs.Length != last - scheduled.FirstPosition)
            throw new InvalidOperationException("the runner left out log-probabilities of the prompt");
        sequence.NumPromptLogprobsReported = last;
        return run.PromptLogprobs[alreadyReported..];
    }
}
