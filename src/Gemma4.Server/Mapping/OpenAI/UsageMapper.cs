using Gemma4.Engine.Requests;
using Gemma4.Server.Anthropic;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>Token counts of one or many generations of a request.</summary>
internal static class UsageMapper
{
    /// <param name="generations">One a prompt.</param>
    /// <param name="countOutput">False where the generated token is not part of the answer.</param>
    public static Usage Map(IReadOnlyList<Generation> generations, bool countOutput = true)
    {
        int prompt = generations.Sum(g => g.Request.PromptTokenIds.Length);
        int completion = !countOutput ? 0 : generations.Sum(g => g.Sequences.Sum(s => s.TokenIds.Count));
        int[] pictures = SoftTokens<MediaItem.Image>(generations), sounds = SoftTokens<MediaItem.Audio>(generations);
        return new Usage
        {
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = prompt + completion,
            PromptTokensDetails = new PromptTokensDetails(
                generations.Sum(g => g.Sequences[0].CachedTokens),
                sounds.Sum(),
                pictures.Length > 0 ? pictures.Sum() : null,
                pictures.Length > 0 ? pictures : null,
                sounds.Length > 0 ? sounds : null),
            CompletionTokensDetails = new CompletionTokensDetails(generations.Sum(g => g.Sequences.Sum(s => s.ReasoningTokens))),
        };
    }

    /// <summary>The same counts under the names of the Responses API.</summary>
    public static ResponseUsage ForResponse(Generation generation)
    {
        Usage usage = Map([generation]);
        PromptTokensDetails prompt = usage.PromptTokensDetails;
        return new ResponseUsage(
            usage.PromptTokens,
            new InputTokensDetails(
                prompt.CachedTokens,
                ImageTokens: prompt.ImageTokens,
                ImageTokensEach: prompt.ImageTokensEach,
                AudioTokens: prompt.AudioTokensEach is null ? null : prompt.AudioTokens,
                AudioTokensEach: prompt.AudioTokensEach),
            usage.CompletionTokens,
            new OutputTokensDetails(usage.CompletionTokensDetails.ReasoningTokens),
            usage.TotalTokens);
    }

    /// <summary>The same counts as Anthropic has them: cached tokens are not counted twice.</summary>
    public static MessageUsage ForMessage(Generation generation)
    {
        Usage usage = Map([generation]);
        PromptTokensDetails prompt = usage.PromptTokensDetails;
        return new MessageUsage(
            usage.PromptTokens - prompt.CachedTokens,
            usage.CompletionTokens,
            prompt.CachedTokens,
            ImageTokens: prompt.ImageTokens,
            ImageTokensEach: prompt.ImageTokensEach);
    }

    /// <summary>The same counts of all windows of a transcription.</summary>
    public static TranscriptionUsage ForTranscription(IReadOnlyList<Generation> windows)
    {
        Usage usage = Map(windows);
        int sound = usage.PromptTokensDetails.AudioTokens;
        return new TranscriptionUsage(
            usage.PromptTokens, new TranscriptionInput(usage.PromptTokens - sound, sound), usage.CompletionTokens, usage.TotalTokens);
    }

    private static int[] SoftTokens<T>(IEnumerable<Generation> generations)
        where T : MediaItem => [.. generations.SelectMany(g => g.Request.Media).OfType<T>().Select(item => item.NumSoftTokens)];
}
