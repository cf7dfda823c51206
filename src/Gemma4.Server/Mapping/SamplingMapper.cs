using System.Collections.Immutable;
using System.Globalization;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Mapping;

/// <summary>The sampling fields of a request, filled from the checkpoint's <c>generation_config.json</c> where it leaves them open.</summary>
/// <remarks>Like vLLM and unlike OpenAI: Gemma answers worse at OpenAI's own defaults (temperature 1, top_p 1, no top_k).</remarks>
internal static class SamplingMapper
{
    private const double MaxBias = 100;

    public static SamplingParams Map(GenerationFields fields, GenerationDefaults defaults, int vocabularySize, Func<string, IEnumerable<int[]>> spell) =>
        new()
        {
            Temperature = (float)(fields.Temperature ?? defaults.Temperature ?? 1),
            TopP = (float)(fields.TopP ?? defaults.TopP ?? 1),
            TopK = Math.Max(0, fields.TopK ?? defaults.TopK ?? 0),
            MinP = (float)(fields.MinP ?? 0),
            RepetitionPenalty = (float)(fields.RepetitionPenalty ?? 1),
            PresencePenalty = (float)(fields.PresencePenalty ?? 0),
            FrequencyPenalty = (float)(fields.FrequencyPenalty ?? 0),
            LogitBias = Bias(fields.LogitBias, vocabularySize),
            AllowedTokenIds = [.. TokenIds(fields.AllowedTokenIds, "allowed_token_ids", vocabularySize).Distinct()],
            SuppressedTokenIds = defaults.SuppressTokenIds,
            BadWords = [.. (fields.BadWords ?? []).SelectMany(spell).Select(ids => ids.ToImmutableArray())],
            Seed = fields.Seed is long seed ? unchecked((ulong)seed) : null,
        };

    /// <summary>Token ids of a request field, all of the vocabulary.</summary>
    public static ImmutableArray<int> TokenIds(int[]? ids, string param, int vocabularySize)
    {
        foreach (int id in ids ?? [])
        {
            if ((uint)id >= (uint)vocabularySize)
                throw Fault.Of($"Invalid value for '{param}': token id {id} is not in the vocabulary of {vocabularySize} tokens.", param, "invalid_value");
        }
        return [.. ids ?? []];
    }

    private static ImmutableDictionary<int, float> Bias(Dictionary<string, double>? bias, int vocabularySize)
    {
        if (bias is null || bias.Count == 0)
            return ImmutableDictionary<int, float>.Empty;
        ImmutableDictionary<int, float>.Builder result = ImmutableDictionary.CreateBuilder<int, float>();
        foreach ((string key, double value) in bias)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                throw Fault.Of($"Invalid key in 'logit_bias': {key}. You should only be submitting non-negative integers.", "logit_bias");
            if (id >= vocabularySize)
                throw Fault.Of($"Invalid key in 'logit_bias': {id}. Maximum value is {vocabularySize - 1}.", "logit_bias");
            if (value is < -MaxBias or > MaxBias)
                throw Fault.Of($"Invalid value in 'logit_bias': {value.ToString(CultureInfo.InvariantCulture)}. Minimum value is -100 and maximum value is 100.", "logit_bias");
            result[id] = (float)value;
        }
        return result.ToImmutable();
    }
}
