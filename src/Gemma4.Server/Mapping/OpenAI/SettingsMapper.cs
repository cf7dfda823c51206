using System.Collections.Immutable;
using System.Globalization;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>The fields that OpenAI's generating APIs share, to what they mean.</summary>
internal static class SettingsMapper
{
    /// <exception cref="ApiException">A key of <c>logit_bias</c> is no token id.</exception>
    public static GenerationSettings Map(GenerationFields fields) => new()
    {
        Temperature = fields.Temperature,
        TopP = fields.TopP,
        TopK = fields.TopK,
        MinP = fields.MinP,
        RepetitionPenalty = fields.RepetitionPenalty,
        PresencePenalty = fields.PresencePenalty,
        FrequencyPenalty = fields.FrequencyPenalty,
        LogitBias = Bias(fields.LogitBias),
        Seed = fields.Seed,
        NumSequences = fields.N ?? 1,
        MinTokens = fields.MinTokens ?? 0,
        StopTexts = fields.Stop?.Values ?? [],
        IncludesStopText = fields.IncludeStopStrInOutput ?? false,
        StopTokenIds = fields.StopTokenIds ?? [],
        IgnoresEndTokens = fields.IgnoreEos ?? false,
        SkipsSpecialTokens = fields.SkipSpecialTokens ?? true,
        BadWords = fields.BadWords ?? [],
        AllowedTokenIds = fields.AllowedTokenIds ?? [],
        Priority = fields.Priority ?? 0,
        CacheSalt = fields.CacheSalt,
    };

    private static ImmutableDictionary<int, double> Bias(Dictionary<string, double>? bias)
    {
        if (bias is null || bias.Count == 0)
            return ImmutableDictionary<int, double>.Empty;
        ImmutableDictionary<int, double>.Builder result = ImmutableDictionary.CreateBuilder<int, double>();
        foreach ((string key, double value) in bias)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                throw Fault.Of($"Invalid key in 'logit_bias': {key}. You should only be submitting non-negative integers.", "logit_bias");
            result[id] = value;
        }
        return result.ToImmutable();
    }
}
