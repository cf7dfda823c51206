using System.Collections.Immutable;
using System.Globalization;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>The sampling settings of a request, filled from the checkpoint's <c>generation_config.json</c> where it leaves them open.</summary>
/// <remarks>Like vLLM and unlike OpenAI: Gemma answers worse at OpenAI's own defaults (temperature 1, top_p 1, no top_k).</remarks>
internal static class SamplingMapper
{
    private const double MaxBias = 100;

    public static SamplingParams Map(GenerationSettings settings, GenerationDefaults defaults, int vocabularySize, Func<string, IEnumerable<int[]>> spell) =>
        new()
        {
            Temperature = (float)(settings.Temperature ?? defaults.Temperature ?? 1),
            TopP = (float)(settings.TopP ?? defaults.TopP ?? 1),
            TopK = Math.Max(0, settings.TopK ?? defaults.TopK ?? 0),
            MinP = (float)(settings.MinP ?? 0),
            RepetitionPenalty = (float)(settings.RepetitionPenalty ?? 1),
            PresencePenalty = (float)(settings.PresencePenalty ?? 0),
            FrequencyPenalty = (float)(settings.FrequencyPenalty ?? 0),
            LogitBias = Bias(settings.LogitBias, vocabularySize),
            AllowedTokenIds = [.. TokenIds(settings.AllowedTokenIds, "allowed_token_ids", vocabularySize).Distinct()],
            SuppressedTokenIds = defaults.SuppressTokenIds,
            BadWords = [.. settings.BadWords.SelectMany(spell).Select(ids => ids.ToImmutableArray())],
            Seed = settings.Seed is long seed ? unchecked((ulong)seed) : null,
        };

    /// <summary>Token ids of a request field, all of the vocabulary.</summary>
    public static ImmutableArray<int> TokenIds(IReadOnlyList<int> ids, string param, int vocabularySize)
    {
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw Fault.Of($"Invalid value for '{param}': token id {id} is not in the vocabulary of {vocabularySize} tokens.", param, "invalid_value");
        }
        return [.. ids];
    }

    private static ImmutableDictionary<int, float> Bias(IReadOnlyDictionary<int, double> bias, int vocabularySize)
    {
        if (bias.Count == 0)
            return ImmutableDictionary<int, float>.Empty;
        ImmutableDictionary<int, float>.Builder result = ImmutableDictionary.CreateBuilder<int, float>();
        foreach ((int id, double value) in bias)
        {
            if (id >= vocabularySize)
                throw Fault.Of($"Invalid key in 'logit_bias': {id}. Maximum value is {vocabularySize - 1}.", "logit_bias");
            if (value is < -MaxBias or > MaxBias)
                throw Fault.Of($"Invalid value in 'logit_bias': {value.ToString(CultureInfo.InvariantCulture)}. Minimum value is -100 and maximum value is 100.", "logit_bias");
            result[id] = (float)value;
        }
        return result.ToImmutable();
    }
}
