using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>The body of <c>POST /v1/responses</c>.</summary>
internal sealed record ResponseRequest : GenerationFields
{
    /// <summary>The served model's id.</summary>
    [JsonPropertyOrder(-2)]
    public string? Model { get; init; }

    /// <summary>A text, or the items of the conversation since <c>previous_response_id</c>.</summary>
    [JsonPropertyOrder(-1)]
    public ResponseInput? Input { get; init; }

    /// <summary>A system message of this turn alone.</summary>
    public string? Instructions { get; init; }

    /// <summary>Goes on from a stored response.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Goes on from a conversation's items, and adds the input and what comes of it to them; not beside <c>previous_response_id</c>.</summary>
    public ResponseConversationReference? Conversation { get; init; }

    /// <summary>At most this many tokens, thoughts included. Default: what the context leaves.</summary>
    [Range(16, int.MaxValue)]
    public int? MaxOutputTokens { get; init; }

    /// <summary>With <c>include: ["message.output_text.logprobs"]</c>: report this many best tokens at each place.</summary>
    [Range(0, 20)]
    public int? TopLogprobs { get; init; }

    /// <summary>What the answer must look like.</summary>
    public ResponseText? Text { get; init; }

    /// <summary>Tools the model may call. Those of other types than <c>function</c> and <c>custom</c> are left out with a warning header.</summary>
    public ResponseTool[]? Tools { get; init; }

    /// <summary>Whether and which tool the model calls.</summary>
    public ResponseToolChoice? ToolChoice { get; init; }

    /// <summary><c>false</c> allows one call at most.</summary>
    [DefaultValue(true)]
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Whether the model thinks.</summary>
    public ResponseReasoning? Reasoning { get; init; }

    /// <summary>What to report beside the answer; only log-probabilities are.</summary>
    [AllowedValues(
        "message.output_text.logprobs", "reasoning.encrypted_content", "message.input_image.image_url", "file_search_call.results",
        "web_search_call.results", "web_search_call.action.sources", "code_interpreter_call.outputs", "computer_call_output.output.image_url")]
    public string[]? Include { get; init; }

    /// <summary>Keep the response, for a while, to be read again and to go on from.</summary>
    [DefaultValue(true)]
    public bool? Store { get; init; }

    /// <summary><c>auto</c> drops the oldest turns when the conversation is too long; <c>disabled</c> refuses.</summary>
    [AllowedValues("auto", "disabled")]
    public string? Truncation { get; init; }

    /// <summary>Up to 16 texts of the caller's own; given back.</summary>
    [MaxLength(16)]
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Answer at once with a response that is made in the background, to be asked for, streamed or cancelled under its id. Needs <c>store</c>.</summary>
    public bool? Background { get; init; }

    /// <summary>Accepted; there are no hosted tools to limit.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxToolCalls { get; init; }

    /// <summary>Accepted; answered as <c>default</c>.</summary>
    [AllowedValues("auto", "default", "flex", "scale", "priority", "fast")]
    public string? ServiceTier { get; init; }

    /// <summary>The caller's own name for its user; given back.</summary>
    [MaxLength(64)]
    public string? SafetyIdentifier { get; init; }

    /// <summary>Accepted and given back; prompts are cached by what they begin with.</summary>
    [MaxLength(64)]
    public string? PromptCacheKey { get; init; }

    /// <summary>Accepted, not used.</summary>
    public string? PromptCacheRetention { get; init; }

    /// <summary>Chat's field.</summary>
    [Unsupported("has moved to 'text.format' in the Responses API.")]
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>A stored prompt.</summary>
    [Unsupported("is not supported by this server: it stores no prompts.")]
    public JsonElement? Prompt { get; init; }

    /// <summary>Compaction of long conversations.</summary>
    [Unsupported("is not supported by this server. Use 'truncation' instead.")]
    public JsonElement? ContextManagement { get; init; }

    /// <summary>Moderation of the answer.</summary>
    [Unsupported("is not supported by this server: it does not moderate.")]
    public JsonElement? Moderation { get; init; }

    /// <summary>Extension: arguments of the chat template, <c>enable_thinking</c> among them.</summary>
    [JsonObject]
    public JsonElement? ChatTemplateKwargs { get; init; }

    /// <summary>Extension: how the request's images and audio clips are prepared.</summary>
    public MediaProcessing? MmProcessorKwargs { get; init; }

    /// <summary>Extension: the thought ends after this many tokens and the answer begins.</summary>
    [Range(0, int.MaxValue)]
    public int? ThinkingTokenBudget { get; init; }
}
