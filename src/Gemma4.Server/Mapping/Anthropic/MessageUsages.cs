using Gemma4.Server.Anthropic;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>Token counts as Anthropic has them: cached tokens are not counted twice.</summary>
internal static class MessageUsages
{
    public static MessageUsage Of(Generation generation)
    {
        TokenUsage usage = TokenUsage.Of([generation]);
        return new MessageUsage(
            usage.Prompt - usage.Cached,
            usage.Output,
            usage.Cached,
            ImageTokens: usage.Images.IsEmpty ? null : usage.Images.Sum(),
            ImageTokensEach: usage.Images.IsEmpty ? null : usage.Images);
    }
}
