using System.Collections.Immutable;
using Gemma4.Engine;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Streaming;

/// <summary>A request that the engine has accepted, read as text events; every API reads its answers here.</summary>
/// <param name="stream">The engine's tokens; owned.</param>
/// <param name="request">What was submitted.</param>
/// <param name="sequences">One entry a sequence.</param>
/// <param name="time">Tells when tokens came.</param>
/// <param name="onEnded">Called once for each sequence that ended.</param>
internal sealed class Generation(
    GenerationStream stream, GenerationRequest request, ImmutableArray<SequenceProgress> sequences, TimeProvider time, Action<SequenceProgress> onEnded)
    : IGeneration
{
    private int _numRunning = sequences.Length;
    private ApiException? _failure;

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

    /// <summary>Ends what has not ended.</summary>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

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
            _failure ??= FailureOf(parsed);
            if (_failure is null)
                batch.Add(token.SequenceIndex, parsed);
        }
        if (!sequence.HasEnded)
            return;
        onEnded(sequence);
        if (token.FinishReason is null)
            stream.Abort(token.SequenceIndex);
        _numRunning--;
    }

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
