using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping;

/// <summary>Token counts of a request, in no API's own words.</summary>
/// <param name="Prompt">Tokens of the prompts, counted once however many answers were asked for.</param>
/// <param name="Cached">Those of them found in the prefix cache.</param>
/// <param name="Output">Generated tokens of all answers, thoughts included.</param>
/// <param name="Reasoning">Those of them that are thoughts.</param>
/// <param name="Images">Soft tokens of each image and each frame of a video, in the order of the prompt.</param>
/// <param name="Audios">Soft tokens of each audio clip, or window of a long one.</param>
internal sealed record TokenUsage(int Prompt, int Cached, int Output, int Reasoning, ImmutableArray<int> Images, ImmutableArray<int> Audios)
{
    /// <summary>Counts one or many generations of a request.</summary>
    /// <param name="generations">One a prompt.</param>
    /// <param name="countOutput">False where the generated token is not part of the answer.</param>
    public static TokenUsage Of(IReadOnlyList<Generation> generations, bool countOutput = true) => new(
        generations.Sum(g => g.Request.PromptTokenIds.Length),
        generations.Sum(g => g.Sequences[0].CachedTokens),
        countOutput ? generations.Sum(g => g.Sequences.Sum(s => s.TokenIds.Count)) : 0,
        generations.Sum(g => g.Sequences.Sum(s => s.ReasoningTokens)),
        SoftTokens<MediaItem.Image>(generations),
        SoftTokens<MediaItem.Audio>(generations));

    private static ImmutableArray<int> SoftTokens<T>(IEnumerable<Generation> generations)
        where T : MediaItem => [.. generations.SelectMany(g => g.Request.Media).OfType<T>().Select(item => item.NumSoftTokens)];
}
