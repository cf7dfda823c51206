using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Rules about several fields at once, after each is right by itself and before messages are looked into.</summary>
internal static class ChatRules
{
    public static void Check(ChatCompletionRequest request, int maxN, int maxStopStrings)
    {
        if (request.MaxTokens is not null && request.MaxCompletionTokens is not null)
            throw Fault.Of("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens", "invalid_parameter_combination");
        CheckStream(request);
        if (request.TopLogprobs is not null && request.Logprobs != true)
            throw Fault.Of("Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is enabled.", "top_logprobs");
        CheckLimits(request, maxN, maxStopStrings);
        if (request.Modalities is { } modalities && modalities.Contains("audio"))
            throw Fault.UnsupportedValue("modalities", "Unsupported value: 'audio'. This server answers in text only.");
        if (request.ContinueFinalMessage == true && request.AddGenerationPrompt == true)
            throw Fault.Of("'add_generation_prompt' and 'continue_final_message' cannot be used together.", "continue_final_message", "invalid_parameter_combination");
        if (request.ContinueFinalMessage == true && request.Messages[^1].Role != "assistant")
            throw Fault.Of("'continue_final_message' needs a last message with role 'assistant'.", "continue_final_message", "invalid_value");
        CheckMetadata(request.Metadata);
    }

    /// <summary><c>stream_options</c> without <c>stream</c>.</summary>
    public static void CheckStream(GenerationFields fields)
    {
        if (fields.StreamOptions is not null && fields.Stream != true)
            throw Fault.Of("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
    }

    /// <summary>Limits that this server's options set.</summary>
    public static void CheckLimits(GenerationFields fields, int maxN, int maxStopStrings)
    {
        if (fields.N > maxN)
            throw Fault.AboveMaximum("n", "integer", maxN, $"{fields.N}");
        if (fields.Stop is { } stop && stop.Values.Length > maxStopStrings)
            throw Fault.ArrayTooLong("stop", maxStopStrings, stop.Values.Length);
    }

    /// <summary>Lengths of keys and values.</summary>
    public static void CheckMetadata(Dictionary<string, string>? metadata)
    {
        foreach ((string key, string value) in metadata ?? [])
        {
            if (key.Length > 64)
                throw Fault.TooLong("metadata", 64, key.Length);
            if (value.Length > 512)
                throw Fault.TooLong($"metadata.{key}", 512, value.Length);
        }
    }
}
