using System.Collections.Immutable;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Server.OpenAI;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Mapping;

/// <summary>The fields that every generating API shares, to what engine and parser take.</summary>
internal static class RequestMapper
{
    /// <summary>The engine's request, without media, constraint and log-probabilities.</summary>
    public static GenerationRequest Map(string id, GenerationFields fields, ImmutableArray<int> prompt, int maxTokens, LoadedModel model)
    {
        var request = new GenerationRequest
        {
            Id = id,
            PromptTokenIds = prompt,
            Sampling = SamplingMapper.Map(fields, model.Defaults, model.VocabularySize, text => BadWord(text, model)),
            NumSequences = fields.N ?? 1,
            MaxTokens = maxTokens,
            MinTokens = Math.Min(fields.MinTokens ?? 0, maxTokens),
            StopTokenIds = StopTokens(fields, model),
            Priority = fields.Priority ?? 0,
            CacheSalt = fields.CacheSalt,
        };
        AllowedTokenRules.Check(request);
        return request;
    }

    /// <summary>How the answer to that request is read.</summary>
    public static ParserOptions Parsing(GenerationFields fields, GenerationRequest request) => new()
    {
        PromptTokenIds = request.PromptTokenIds,
        StopStrings = [.. (fields.Stop?.Values ?? []).Where(s => s.Length > 0)],
        StopTokenIds = request.StopTokenIds,
        IncludeStopString = fields.IncludeStopStrInOutput ?? false,
        SkipSpecialTokens = fields.SkipSpecialTokens ?? true,
        MinTokens = request.MinTokens,
    };

    private static ImmutableArray<int> StopTokens(GenerationFields fields, LoadedModel model)
    {
        ImmutableArray<int> own = SamplingMapper.TokenIds(fields.StopTokenIds, "stop_token_ids", model.VocabularySize);
        return fields.IgnoreEos == true ? own : [.. model.Defaults.EndTokenIds.Union(own)];
    }

    /// <summary>A word is spelled in two ways, at the start of a text and behind a space: both are banned.</summary>
    private static IEnumerable<int[]> BadWord(string word, LoadedModel model) =>
        new[] { word.TrimStart(), " " + word.TrimStart() }.Select(model.Tokenizer.EncodeText).Where(ids => ids.Length > 0);
}
