using Gemma4.Server.Mapping.OpenAI;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>How one request wants its chat answers written, streamed or not.</summary>
/// <param name="Head">What all parts share.</param>
/// <param name="Reasoning">Names of thoughts.</param>
/// <param name="Logprobs">Maps log-probabilities; null when none were asked for.</param>
/// <param name="IsNamed">Whether the request named the function to call.</param>
/// <param name="ServiceTier"><c>default</c>, when the request asked for a tier.</param>
internal sealed record ChatStyle(AnswerHead Head, ReasoningNames Reasoning, LogprobMapper? Logprobs, bool IsNamed, string? ServiceTier);
