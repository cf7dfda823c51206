using System.Collections.Immutable;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>Meaning of a text completion's fields: prompts to tokens, and rules about several fields at once.</summary>
internal static class CompletionRules
{
    public static void Check(CompletionRequest request, ApiOptions options)
    {
        FieldRules.CheckStream(request);
        FieldRules.CheckLimits(request, options.MaxN, options.MaxStopStrings);
        if (!string.IsNullOrEmpty(request.Suffix))
            throw Fault.UnsupportedParameter("suffix", "is not supported with this model: Gemma does not fill in the middle.");
        if (request.BestOf is int best && best < (request.N ?? 1))
            throw Fault.Of($"Invalid value for 'best_of': 'best_of' ({best}) must be at least 'n' ({request.N ?? 1}).", "best_of", "invalid_value");
        if (request.BestOf > (request.N ?? 1) && request.Stream == true)
            throw Fault.Of("'best_of' cannot be used with 'stream': the best is known only at the end.", "best_of", "invalid_parameter_combination");
        if (request.MaxTokens == 0 && request.Echo != true)
            throw Fault.BelowMinimum("max_tokens", "integer", 1, "0");
    }

    /// <summary>One entry a prompt.</summary>
    public static ImmutableArray<ImmutableArray<int>> Prompts(CompletionRequest request, Tokenizer tokenizer, ApiOptions options)
    {
        PromptItem[] items = request.Prompt.Items;
        if (items.Length == 0)
            throw Fault.EmptyArray("prompt");
        CheckAlike(items);
        if (items[0].TokenId is not null)
            return [Checked([.. items.Select(i => i.TokenId!.Value)], "prompt", tokenizer)];
        if (items.Length > options.MaxPrompts)
            throw Fault.ArrayTooLong("prompt", options.MaxPrompts, items.Length);
        int sequences = items.Length * Math.Max(request.N ?? 1, request.BestOf ?? 1);
        if (sequences > options.MaxSequencesPerRequest)
            throw Fault.Of(
                $"{items.Length} prompts times 'n' or 'best_of' make {sequences} sequences, and this server allows {options.MaxSequencesPerRequest} a request "
                + "(option Api:MaxSequencesPerRequest).", "prompt", "too_many_sequences");
        return
        [
            .. items.Select((item, i) => item.Text is { } text
                ? [.. PromptTokens.Encode(tokenizer, text, addBos: true, parseControl: false)]
                : Checked(item.TokenIds!, $"prompt[{i}]", tokenizer)),
        ];
    }

    /// <summary>The list is all texts, all tokens or all lists of tokens.</summary>
    private static void CheckAlike(PromptItem[] items)
    {
        for (int i = 1; i < items.Length; i++)
        {
            if (Kind(items[i]) != Kind(items[0]))
                throw Fault.Type($"prompt[{i}]", Kind(items[0]), Kind(items[i]));
        }
    }

    private static string Kind(PromptItem item) => item.Text is not null ? "a string" : item.TokenId is not null ? "an integer" : "an array";

    private static ImmutableArray<int> Checked(int[] ids, string param, Tokenizer tokenizer) =>
        ids.Length == 0 ? throw Fault.EmptyArray(param) : SamplingMapper.TokenIds(ids, param, tokenizer.VocabularySize);
}
