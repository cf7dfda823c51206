using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>The body of <c>POST /v1/chat/completions</c>.</summary>
internal sealed record ChatCompletionRequest : GenerationFields
{
    /// <summary>The served model's id.</summary>
    [System.Text.Json.Serialization.JsonPropertyOrder(-2)]
    public required string Model { get; init; }

    /// <summary>The conversation so far.</summary>
    [MinLength(1), System.Text.Json.Serialization.JsonPropertyOrder(-1)]
    public required ChatMessageDto[] Messages { get; init; }

    /// <summary>Older name of <c>max_completion_tokens</c>.</summary>
    [Range(-1, int.MaxValue), DeniedValues(0)]
    public int? MaxTokens { get; init; }

    /// <summary>At most this many tokens, thoughts included. Default, and -1: what the context leaves.</summary>
    [Range(-1, int.MaxValue), DeniedValues(0)]
    public int? MaxCompletionTokens { get; init; }

    /// <summary>Report log-probabilities of the answer's tokens.</summary>
    [DefaultValue(false)]
    public bool? Logprobs { get; init; }

    /// <summary>With <c>logprobs</c>: report this many best tokens at each place.</summary>
    [Range(0, 20)]
    public int? TopLogprobs { get; init; }

    /// <summary>What the answer must look like.</summary>
    public ResponseFormat? ResponseFormat { get; init; }

    /// <summary>Functions the model may call.</summary>
    public ToolDto[]? Tools { get; init; }

    /// <summary>Whether and which function the model calls.</summary>
    public ToolChoiceDto? ToolChoice { get; init; }

    /// <summary><c>false</c> allows one call at most.</summary>
    [DefaultValue(true)]
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Deprecated form of <c>tools</c>.</summary>
    [Unsupported("is not supported by this server. Use 'tools' instead.", ReplacedBy = "tools")]
    public JsonElement? Functions { get; init; }

    /// <summary>Deprecated form of <c>tool_choice</c>.</summary>
    [Unsupported("is not supported by this server. Use 'tool_choice' instead.", ReplacedBy = "tool_choice")]
    public JsonElement? FunctionCall { get; init; }

    /// <summary><c>none</c> turns thinking off, all others turn it on; each level has its budget of tokens.</summary>
    [AllowedValues("none", "minimal", "low", "medium", "high", "xhigh", "max")]
    public string? ReasoningEffort { get; init; }

    /// <summary>Accepted, not used.</summary>
    [AllowedValues("low", "medium", "high")]
    public string? Verbosity { get; init; }

    /// <summary>Up to 16 texts of the caller's own; kept with the answer where <c>store</c> is, and listed by.</summary>
    [MaxLength(16)]
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Keep the answer and the messages, for a while, to be listed and read again.</summary>
    [DefaultValue(false)]
    public bool? Store { get; init; }

    /// <summary>Accepted; answered as <c>default</c>.</summary>
    [AllowedValues("auto", "default", "flex", "scale", "priority", "fast")]
    public string? ServiceTier { get; init; }

    /// <summary>Accepted, not used.</summary>
    public PredictionDto? Prediction { get; init; }

    /// <summary>Only <c>["text"]</c>.</summary>
    [AllowedValues("text", "audio")]
    public string[]? Modalities { get; init; }

    /// <summary>Spoken answers.</summary>
    [Unsupported("is not supported by this server: it answers in text only.")]
    public JsonElement? Audio { get; init; }

    /// <summary>Search on the web.</summary>
    [Unsupported("is not supported by this server: it has no hosted tools.")]
    public JsonElement? WebSearchOptions { get; init; }

    /// <summary>Moderation of the answer.</summary>
    [Unsupported("is not supported by this server: it does not moderate.")]
    public JsonElement? Moderation { get; init; }

    /// <summary>The caller's own name for its user; not used.</summary>
    [MaxLength(64)]
    public string? SafetyIdentifier { get; init; }

    /// <summary>Accepted; prompts are cached by what they begin with.</summary>
    [MaxLength(64)]
    public string? PromptCacheKey { get; init; }

    /// <summary>Accepted, not used.</summary>
    public string? PromptCacheRetention { get; init; }

    /// <summary>Accepted, not used.</summary>
    public JsonElement? PromptCacheOptions { get; init; }

    /// <summary>Extension: arguments of the chat template, <c>enable_thinking</c> among them.</summary>
    [JsonObject]
    public JsonElement? ChatTemplateKwargs { get; init; }

    /// <summary>Extension: how the request's images and audio clips are prepared.</summary>
    public MediaProcessing? MmProcessorKwargs { get; init; }

    /// <summary>Extension: <c>false</c> leaves out the opening of the model's turn.</summary>
    public bool? AddGenerationPrompt { get; init; }

    /// <summary>Extension: go on with the last message, which is the assistant's, instead of answering it.</summary>
    public bool? ContinueFinalMessage { get; init; }

    /// <summary>Extension: the thought ends after this many tokens and the answer begins.</summary>
    [Range(0, int.MaxValue)]
    public int? ThinkingTokenBudget { get; init; }

    /// <summary>Extension: <c>false</c> leaves thoughts out of the answer.</summary>
    public bool? IncludeReasoning { get; init; }
}
