using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>How the next token is chosen from the logits. Defaults choose from the untouched distribution.</summary>
public sealed record SamplingParams
{
    /// <summary>Divides the logits; 0 is greedy (the best token, lowest id on a tie).</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Only the k best tokens may be chosen; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>The smallest set of best tokens whose probability reaches this; 1 is off, 0 keeps the best token only.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Tokens below this share of the best token's probability are dropped; 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or output; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Subtracted once from the logit of each token already generated.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once for each time it was generated.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens.</summary>
    public ImmutableDictionary<int, float> LogitBias { get; init; } = ImmutableDictionary<int, float>.Empty;

    /// <summary>When not empty, only these tokens may be generated.</summary>
    public ImmutableArray<int> AllowedTokenIds { get; init; } = [];

    /// <summary>Never generated (<c>suppress_tokens</c> of <c>generation_config.json</c>).</summary>
    public ImmutableArray<int> SuppressedTokenIds { get; init; } = [];

    /// <summary>Token sequences that must not be completed.</summary>
    public ImmutableArray<ImmutableArray<int>> BadWords { get; init; } = [];

    /// <summary>Report the log-probability of the chosen token and of this many best ones; null reports none.</summary>
    /// <remarks>Log-probabilities are those of the model's own distribution (temperature 1, before penalties and masks).</remarks>
    public int? NumLogprobs { get; init; }

    /// <summary>The same seed gives the same tokens whatever else is being served; null draws a fresh seed.</summary>
    public ulong? Seed { get; init; }
}
