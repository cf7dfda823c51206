using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step sampled, one entry a scheduled sequence in the plan's order.</summary>
/// <param name="Samples">Entries of sequences that do not sample are default.</param>
public sealed record StepResult(IReadOnlyList<SampledToken> Samples);

/// <summary>A sampled token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprobs">Its log-probabilities, when asked for.</param>
/// <param name="EndsSequence">The constraint asked for the end after this token.</param>
public readonly record struct SampledToken(int TokenId, TokenLogprobs? Logprobs = null, bool EndsSequence = false);
