using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step sampled and encoded.</summary>
/// <param name="Runs">One entry a scheduled sequence in the plan's order.</param>
/// <param name="Awaited">One entry an awaited media item in the plan's order.</param>
/// <param name="TextTime">What its tokens took; what media took comes on top.</param>
public readonly record struct StepResult(
    ReadOnlyMemory<SampledRun> Runs, ReadOnlyMemory<EncoderProgress> Awaited = default, TimeSpan TextTime = default);

/// <summary>How far an awaited media item has come.</summary>
/// <param name="IsEncoded">The next step may compute its tokens.</param>
/// <param name="Fault">What went wrong with it: the sequence that awaits it ends with an error, the others go on.</param>
public readonly record struct EncoderProgress(bool IsEncoded, Exception? Fault = null);

/// <summary>What a step made of one sequence: the tokens that come next.</summary>
/// <param name="Tokens">What sampling one token a step would have given: drafts as long as they are right, and one token more. Empty where the plan
/// does not sample. Valid as long as the result.</param>
/// <param name="PromptLogprobs">Where <see cref="GenerationRequest.PromptLogprobs"/> asks: of the prompt tokens that the step's logits
/// predict, so of positions <c>FirstPosition + 1 .. min(FirstPosition + NumTokens, NumPromptTokens - 1)</c>; default otherwise.</param>
/// <param name="Fault">What went wrong with this sequence alone behind its <paramref name="Tokens"/>, as when no token may be chosen: it ends with an
/// error, the others go on.</param>
public readonly record struct SampledRun(
    ReadOnlyMemory<SampledToken> Tokens, ImmutableArray<TokenLogprobs> PromptLogprobs = default, Exception? Fault = null)
{
    /// <summary>Leading drafts of the plan that turned out right: all tokens but the last, which follows them.</summary>
    public int NumConfirmed => Fault is null ? Math.Max(0, Tokens.Length - 1) : Tokens.Length;
}

/// <summary>A token that was sampled.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprobs">Its log-probabilities, when asked for.</param>
public readonly record struct SampledToken(int TokenId, TokenLogprobs? Logprobs = null);
