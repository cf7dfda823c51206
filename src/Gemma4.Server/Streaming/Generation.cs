using System.Collections.Immutable;
using Gemma4.Engine;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Metrics;

namespace Gemma4.Server.Streaming;

/// <summary>A request that the engine has accepted, read as text events; every API reads its answers here.</summary>
/// <param name="stream">The engine's tokens; owned.</param>
/// <param name="request">What was submitted.</param>
/// <param name="sequences">One entry a sequence.</param>
/// <param name="time">Tells when tokens came.</param>
/// <param name="onSequenceEnded">Called once for each sequence that ended.</param>
/// <param name="onEnded">Called once: when the last sequence has ended, or when the generation is disposed before.</param>
internal sealed class Generation(
    GenerationStream stream, GenerationRequest request, ImmutableArray<SequenceProgress> sequences, TimeProvider time,
    Action<SequenceProgress> onSequenceEnded, Action<Generation, Outcome> onEnded)
    : IGeneration
{
    private int _numRunning = sequences.Length;
    private ApiException? _failure;
    private bool _callsTools;
    private Outcome _outcome;
    private int _ended;

    /// <summary>The submitted request.</summary>
    public GenerationRequest Request => request;

    /// <summary>The sequences, by index.</summary>
    public ImmutableArray<SequenceProgress> Sequences => sequences;

    /// <summary>Generated tokens so far, of all sequences.</summary>
    public int NumOutputTokens => sequences.Sum(sequence => sequence.TokenIds.Count);

    /// <summary>Log-probabilities of the prompt's second token to its last, when asked for; complete once text came.</summary>
    public List<TokenLogprobs> PromptLogprobs { get; } = [];

    /// <summary>When the first token was read, as a timestamp of the time provider; null before.</summary>
    public long? FirstTokenAt { get; private set; }

    /// <summary>When the newest token was read.</summary>
    public long? LastTokenAt { get; private set; }

    /// <inheritdoc/>
    public ValueTask<bool> WaitAsync()
    {
        if (_failure is not null)
            return ValueTask.FromException<bool>(_failure);
        return _numRunning == 0 ? ValueTask.FromResult(false) : stream.WaitToReadAsync();
    }

    /// <inheritdoc/>
    public void Read(EventBatch batch)
    {
        while (_numRunning > 0 && _failure is null && !batch.IsFull && stream.TryRead(out TokenEvent token))
            Read(in token, batch);
    }

    /// <summary>What it took, as far as it has come.</summary>
    /// <param name="began">Timestamp of its request's arrival.</param>
    public GenerationTimes Times(long began)
    {
        double tokens = (double)sequences.Sum(s => s.TokenIds.Count) / sequences.Length;
        return new GenerationTimes(
            time.GetElapsedTime(began),
            FirstTokenAt is { } first ? time.GetElapsedTime(began, first) : null,
            tokens > 1 ? time.GetElapsedTime(FirstTokenAt!.Value, LastTokenAt!.Value) / (tokens - 1) : null);
    }

    /// <summary>Ends what has not ended.</summary>
    public ValueTask DisposeAsync()
    {
        End(Outcome.Aborted);
        return stream.DisposeAsync();
    }

    private void End(Outcome outcome)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            onEnded(this, _outcome > outcome ? _outcome : outcome);
    }

    private void Read(in TokenEvent token, EventBatch batch)
    {
        if (!token.PromptLogprobs.IsDefault)
            PromptLogprobs.AddRange(token.PromptLogprobs);
        SequenceProgress sequence = sequences[token.SequenceIndex];
        if (sequence.HasEnded)
            return;
        if (token.TokenId is not null)
        {
            LastTokenAt = time.GetTimestamp();
            FirstTokenAt ??= LastTokenAt;
        }
        foreach (GenerationEvent parsed in sequence.Push(token))
        {
            Note(parsed);
            _failure ??= FailureOf(parsed);
            if (_failure is null)
                batch.Add(token.SequenceIndex, parsed);
        }
        if (!sequence.HasEnded)
            return;
        onSequenceEnded(sequence);
        if (token.FinishReason is null)
            stream.Abort(token.SequenceIndex);
        if (--_numRunning == 0)
            End(_outcome);
    }

    private void Note(GenerationEvent parsed)
    {
        if (parsed is GenerationEvent.ToolCallCompleted)
            _callsTools = true;
        else if (parsed is GenerationEvent.Finished finished)
            _outcome = (Outcome)Math.Max((int)_outcome, (int)OutcomeOf(finished));
    }

    private Outcome OutcomeOf(GenerationEvent.Finished finished) => finished.Reason switch
    {
        FinishReason.Stop => _callsTools ? Outcome.ToolCalls : Outcome.Stop,
        FinishReason.Length => Outcome.Length,
        FinishReason.Aborted => Outcome.Aborted,
        FinishReason.Error => finished.Rejection is null ? Outcome.Error : Outcome.Refused,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>What the request asks for and cannot be done, a failed step, or a sequence that the engine ended by itself at shutdown, is no answer.</summary>
    private static ApiException? FailureOf(GenerationEvent parsed) => parsed switch
    {
        GenerationEvent.Finished { Rejection: { } rejection } => new ApiException(ErrorTable.From(rejection)),
        GenerationEvent.Finished { Reason: FinishReason.Error } failed =>
            new ApiException(ErrorTable.Internal() with { Message = failed.Error ?? ErrorTable.Internal().Message }),
        GenerationEvent.Finished { Reason: FinishReason.Aborted } =>
            new ApiException(ErrorTable.Unavailable("The server is stopping; the answer was cut.")),
        _ => null,
    };
}
