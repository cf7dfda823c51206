using Gemma4.Server.OpenAI;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>Token counts as chat and text completions have them.</summary>
internal static class UsageMapper
{
    /// <param name="generations">One a prompt.</param>
    /// <param name="countOutput">False where the generated token is not part of the answer.</param>
    public static Usage Map(IReadOnlyList<Generation> generations, bool countOutput = true)
    {
        TokenUsage usage = TokenUsage.Of(generations, countOutput);
        return new Usage
        {
            PromptTokens = usage.Prompt,
            CompletionTokens = usage.Output,
            TotalTokens = usage.Prompt + usage.Output,
            PromptTokensDetails = new PromptTokensDetails(
                usage.Cached,
                usage.Audios.Sum(),
                usage.Images.IsEmpty ? null : usage.Images.Sum(),
                usage.Images.IsEmpty ? null : usage.Images,
                usage.Audios.IsEmpty ? null : usage.Audios),
            CompletionTokensDetails = new CompletionTokensDetails(usage.Reasoning),
        };
    }
}
