using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Rules about several fields at once, after each is right by itself and before messages are looked into.</summary>
internal static class ChatRules
{
    public static void Check(ChatCompletionRequest request, int maxN, int maxStopStrings)
    {
        if (request.MaxTokens is not null && request.MaxCompletionTokens is not null)
            throw Fault.Of("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens", "invalid_parameter_combination");
        FieldRules.CheckStream(request);
        if (request.TopLogprobs is not null && request.Logprobs != true)
            throw Fault.Of("Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is enabled.", "top_logprobs");
        FieldRules.CheckLimits(request, maxN, maxStopStrings);
        if (request.Modalities is { } modalities && modalities.Contains("audio"))
            throw Fault.UnsupportedValue("modalities", "Unsupported value: 'audio'. This server answers in text only.");
        if (request.ContinueFinalMessage == true && request.AddGenerationPrompt == true)
            throw Fault.Of("'add_generation_prompt' and 'continue_final_message' cannot be used together.", "continue_final_message", "invalid_parameter_combination");
        if (request.ContinueFinalMessage == true && request.Messages[^1].Role != "assistant")
            throw Fault.Of("'continue_final_message' needs a last message with role 'assistant'.", "continue_final_message", "invalid_value");
        FieldRules.CheckMetadata(request.Metadata);
    }
}
