using Gemma4.Server.Mapping.OpenAI;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>How one request wants its chat answers written, streamed or not.</summary>
/// <param name="Head">What all parts share.</param>
/// <param name="Reasoning">Names of thoughts.</param>
/// <param name="Logprobs">Maps log-probabilities; null when none were asked for.</param>
/// <param name="Tools">The tools that may be called, and whether the request named the one.</param>
/// <param name="ServiceTier"><c>default</c>, when the request asked for a tier.</param>
internal sealed record ChatStyle(AnswerHead Head, ReasoningNames Reasoning, LogprobMapper? Logprobs, ToolPolicy Tools, string? ServiceTier);
