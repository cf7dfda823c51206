namespace Gemma4.Engine.Requests;

/// <summary>What the engine reports of one sequence: a new token, its end, or both.</summary>
public readonly record struct TokenEvent
{
    /// <summary>Which of the request's sequences, from 0.</summary>
    public required int SequenceIndex { get; init; }

    /// <summary>The new token; null when the event only ends the sequence.</summary>
    public int? TokenId { get; init; }

    /// <summary>Log-probabilities of <see cref="TokenId"/>, when asked for.</summary>
    public TokenLogprobs? Logprobs { get; init; }

    /// <summary>Set on the sequence's last event.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>What to tell the caller when <see cref="FinishReason"/> is <see cref="FinishReason.Error"/>.</summary>
    public string? Error { get; init; }

    /// <summary>Prompt tokens found in the prefix cache; right from the sequence's first event on.</summary>
    public int NumCachedTokens { get; init; }
}
