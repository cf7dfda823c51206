using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Token counts under the names of the Responses API.</summary>
internal static class ResponseUsages
{
    public static ResponseUsage Of(Generation generation)
    {
        TokenUsage usage = TokenUsage.Of([generation]);
        return new ResponseUsage(
            usage.Prompt,
            new InputTokensDetails(
                usage.Cached,
                ImageTokens: usage.Images.IsEmpty ? null : usage.Images.Sum(),
                ImageTokensEach: usage.Images.IsEmpty ? null : usage.Images,
                AudioTokens: usage.Audios.IsEmpty ? null : usage.Audios.Sum(),
                AudioTokensEach: usage.Audios.IsEmpty ? null : usage.Audios),
            usage.Output,
            new OutputTokensDetails(usage.Reasoning),
            usage.Prompt + usage.Output);
    }
}
