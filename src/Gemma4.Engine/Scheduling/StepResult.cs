using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step sampled, one entry a scheduled sequence in the plan's order.</summary>
/// <param name="Samples">Entries of sequences that do not sample carry no token.</param>
public readonly record struct StepResult(ReadOnlyMemory<SampledToken> Samples);

/// <summary>What a step made of one sequence.</summary>
/// <param name="TokenId">The sampled token; not read where the plan does not sample.</param>
/// <param name="Logprobs">Its log-probabilities, when asked for.</param>
/// <param name="EndsSequence">The constraint asked for the end after this token.</param>
/// <param name="PromptLogprobs">Where <see cref="GenerationRequest.PromptLogprobs"/> asks: of the prompt tokens that the step's logits
/// predict, so of positions <c>FirstPosition + 1 .. min(FirstPosition + NumTokens, NumPromptTokens - 1)</c>; default otherwise.</param>
/// <param name="Fault">What went wrong with this sequence alone, as when its constraint throws: it ends with an error, the others go on.</param>
public readonly record struct SampledToken(
    int TokenId, TokenLogprobs? Logprobs = null, bool EndsSequence = false, ImmutableArray<TokenLogprobs> PromptLogprobs = default,
    Exception? Fault = null);
