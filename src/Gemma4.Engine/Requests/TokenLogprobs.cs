using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>Natural log-probabilities at one position, of the model's own distribution.</summary>
/// <param name="Logprob">Of the token that stands there.</param>
/// <param name="Top">The best tokens, best first; may or may not hold the chosen one.</param>
public sealed record TokenLogprobs(float Logprob, ImmutableArray<TokenLogprob> Top);

/// <summary>A token and its natural log-probability.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability.</param>
public readonly record struct TokenLogprob(int TokenId, float Logprob);
