using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>What the engine reports of one sequence: a new token, its end, log-probabilities of its prompt, or several of these.</summary>
public readonly record struct TokenEvent
{
    /// <summary>Which of the request's sequences, from 0.</summary>
    public required int SequenceIndex { get; init; }

    /// <summary>The new token; null when the event brings none.</summary>
    public int? TokenId { get; init; }

    /// <summary>Log-probabilities of <see cref="TokenId"/>, when asked for.</summary>
    public TokenLogprobs? Logprobs { get; init; }

    /// <summary>Set on the sequence's last event.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>What to tell the caller when <see cref="FinishReason"/> is <see cref="FinishReason.Error"/>.</summary>
    public string? Error { get; init; }

    /// <summary>Set beside <see cref="Error"/> where the request is at fault, not the engine: what it would have been refused with, had
    /// that been seen at its admission.</summary>
    public RequestRejectedException? Rejection { get; init; }

    /// <summary>Log-probabilities of the next prompt tokens, when <see cref="GenerationRequest.PromptLogprobs"/> asks: joined over the
    /// events they are those of the prompt's second token to its last. Only sequence 0 reports them. Default when there are none.</summary>
    public ImmutableArray<TokenLogprobs> PromptLogprobs { get; init; }

    /// <summary>Prompt tokens found in the prefix cache; right from the sequence's first event on. A request's own number is that of
    /// its sequence 0: the others find what that one has just computed.</summary>
    public int NumCachedTokens { get; init; }
}
