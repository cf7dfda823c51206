using System.Collections.Immutable;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Mapping;

/// <summary>The settings that every generating API maps to, to what engine and parser take.</summary>
internal static class RequestMapper
{
    /// <summary>The engine's request, without media, constraint and log-probabilities.</summary>
    public static GenerationRequest Map(string id, GenerationSettings settings, ImmutableArray<int> prompt, int maxTokens, LoadedModel model)
    {
        var request = new GenerationRequest
        {
            Id = id,
            PromptTokenIds = prompt,
            Sampling = SamplingMapper.Map(settings, model.Defaults, model.VocabularySize, text => BadWord(text, model)),
            NumSequences = settings.NumSequences,
            MaxTokens = maxTokens,
            MinTokens = Math.Min(settings.MinTokens, maxTokens),
            StopTokenIds = StopTokens(settings, model),
            Priority = settings.Priority,
            CacheSalt = settings.CacheSalt,
        };
        AllowedTokenRules.Check(request);
        return request;
    }

    /// <summary>How the answer to that request is read.</summary>
    public static ParserOptions Parsing(GenerationSettings settings, GenerationRequest request) => new()
    {
        PromptTokenIds = request.PromptTokenIds,
        StopStrings = [.. settings.StopTexts.Where(s => s.Length > 0)],
        StopTokenIds = request.StopTokenIds,
        IncludeStopString = settings.IncludesStopText,
        SkipSpecialTokens = settings.SkipsSpecialTokens,
        MinTokens = request.MinTokens,
    };

    private static ImmutableArray<int> StopTokens(GenerationSettings settings, LoadedModel model)
    {
        ImmutableArray<int> own = SamplingMapper.TokenIds(settings.StopTokenIds, "stop_token_ids", model.VocabularySize);
        return settings.IgnoresEndTokens ? own : [.. model.Defaults.EndTokenIds.Union(own)];
    }

    /// <summary>A word is spelled in two ways, at the start of a text and behind a space: both are banned.</summary>
    private static IEnumerable<int[]> BadWord(string word, LoadedModel model) =>
        new[] { word.TrimStart(), " " + word.TrimStart() }.Select(model.Tokenizer.EncodeText).Where(ids => ids.Length > 0);
}
