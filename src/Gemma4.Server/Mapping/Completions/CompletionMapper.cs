using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>A text completion that passed <see cref="CompletionRules"/> to the engine's requests, one a prompt.</summary>
internal static class CompletionMapper
{
    /// <summary>OpenAI's default; chat has another.</summary>
    private const int DefaultMaxTokens = 16;

    /// <param name="id">The answer's; each prompt has its number behind it.</param>
    /// <param name="request">The request.</param>
    /// <param name="settings">What <c>SettingsMapper</c> made of it.</param>
    /// <param name="constraint">What answers are held to; null for free text.</param>
    /// <param name="model">Serves it.</param>
    /// <param name="api">Limits.</param>
    /// <exception cref="Errors.ApiException">A prompt is too long, or there are too many.</exception>
    public static ImmutableArray<GenerationRequest> Map(
        string id, CompletionRequest request, GenerationSettings settings, ITokenConstraintSource? constraint, LoadedModel model, ApiOptions api)
    {
        int numSequences = Math.Max(request.N ?? 1, request.BestOf ?? 1);
        bool ranks = numSequences > (request.N ?? 1);
        return
        [
            .. CompletionRules.Prompts(request, model.Tokenizer, api).Select((prompt, i) =>
            {
                int room = ContextRules.Room(prompt.Length, ContextRules.Limit(request.MaxTokens ?? DefaultMaxTokens), "max_tokens", "prompt", model.MaxContextLength);
                GenerationRequest job = RequestMapper.Map($"{id}-{i}", settings, prompt, Math.Max(1, room), model);
                return job with
                {
                    NumSequences = numSequences,
                    Constraint = constraint,
                    PromptLogprobs = request.Echo == true && request.Logprobs is not null,
                    Sampling = job.Sampling with { NumLogprobs = request.Logprobs ?? (ranks ? 0 : null) },
                };
            }),
        ];
    }
}
