using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>The body of <c>POST /v1/messages</c>, and of <c>/count_tokens</c>, which needs no limit.</summary>
internal sealed record MessageRequest
{
    /// <summary>The served model's id.</summary>
    [Required]
    public string? Model { get; init; }

    /// <summary>At most this many tokens, thoughts included. Required, except for counting.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxTokens { get; init; }

    /// <summary>The conversation so far. When its last message is the assistant's, the answer goes on with it.</summary>
    [MinLength(1)]
    public required MessageTurn[] Messages { get; init; }

    /// <summary>The system message.</summary>
    public BlockContent? System { get; init; }

    /// <summary>Divides the logits; 0 is greedy. Default: the checkpoint's.</summary>
    [Range(0.0, 1.0)]
    public double? Temperature { get; init; }

    /// <summary>Only the smallest set of best tokens that reaches this probability. Default: the checkpoint's.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <summary>Only the k best tokens. Default: the checkpoint's.</summary>
    [Range(0, int.MaxValue)]
    public int? TopK { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public string[]? StopSequences { get; init; }

    /// <summary>Answer as server-sent events.</summary>
    [DefaultValue(false)]
    public bool? Stream { get; init; }

    /// <summary>Functions the model may call.</summary>
    public MessageTool[]? Tools { get; init; }

    /// <summary>Whether and which function the model calls.</summary>
    public MessageToolChoice? ToolChoice { get; init; }

    /// <summary>Whether the model thinks.</summary>
    public MessageThinking? Thinking { get; init; }

    /// <summary>What the answer must look like.</summary>
    public MessageOutputConfig? OutputConfig { get; init; }

    /// <summary>Accepted, not used.</summary>
    [JsonObject]
    public JsonElement? Metadata { get; init; }

    /// <summary>Accepted, not used.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Extension: how the request's images are prepared.</summary>
    public MediaProcessing? MmProcessorKwargs { get; init; }

    /// <summary>Hosted tools' workspace.</summary>
    [Unsupported("is not supported by this server: it has no hosted tools.")]
    public JsonElement? Container { get; init; }

    /// <summary>Hosted tools.</summary>
    [Unsupported("is not supported by this server: it has no hosted tools.")]
    public JsonElement? McpServers { get; init; }

    /// <summary>A conversation that the server keeps.</summary>
    [Unsupported("is not supported by this server: it keeps no conversations. Send all messages each time.", Code = MessageErrorDetails.NoThreads)]
    public JsonElement? Thread { get; init; }
}

/// <summary>One message of the conversation.</summary>
internal sealed record MessageTurn
{
    /// <summary>Who speaks; <c>developer</c> is <c>system</c>. Both may stand anywhere.</summary>
    [AllowedValues("user", "assistant", "system", "developer")]
    public required string Role { get; init; }

    /// <summary>A text, or blocks.</summary>
    public required BlockContent Content { get; init; }
}

/// <summary>A function the model may call.</summary>
internal sealed record MessageTool
{
    /// <summary><c>custom</c> or left out; hosted tools are refused.</summary>
    public string? Type { get; init; }

    /// <summary>Letters, digits, underscores and dashes.</summary>
    [MinLength(1), MaxLength(128), RegularExpression("^[a-zA-Z0-9_.-]+$")]
    public required string Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>JSON schema of its arguments.</summary>
    [JsonObject]
    public JsonElement? InputSchema { get; init; }

    /// <summary>Hold the arguments to the schema.</summary>
    public bool? Strict { get; init; }
}

/// <summary>Whether and which function the model calls.</summary>
internal sealed record MessageToolChoice
{
    /// <summary><c>auto</c> may call, <c>any</c> must, <c>tool</c> must call the named one, <c>none</c> must not.</summary>
    [AllowedValues("auto", "any", "tool", "none")]
    public required string Type { get; init; }

    /// <summary>Of <c>tool</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>true</c> allows one call at most.</summary>
    public bool? DisableParallelToolUse { get; init; }
}

/// <summary>Whether the model thinks.</summary>
internal sealed record MessageThinking
{
    /// <summary><c>enabled</c>, <c>adaptive</c> (enabled, without a budget) or <c>disabled</c>.</summary>
    [AllowedValues("enabled", "adaptive", "disabled")]
    public required string Type { get; init; }

    /// <summary>Of <c>enabled</c>: the thought ends after this many tokens and the answer begins.</summary>
    [Range(1, int.MaxValue)]
    public int? BudgetTokens { get; init; }
}

/// <summary>What the answer must look like.</summary>
internal sealed record MessageOutputConfig
{
    /// <summary>JSON of a schema; free text when left out.</summary>
    public MessageFormat? Format { get; init; }

    /// <summary>Accepted, not used.</summary>
    [AllowedValues("low", "medium", "high", "xhigh", "max")]
    public string? Effort { get; init; }
}

/// <summary>JSON of a schema.</summary>
internal sealed record MessageFormat
{
    /// <summary>Always <c>json_schema</c>.</summary>
    [AllowedValues("json_schema")]
    public required string Type { get; init; }

    /// <summary>The schema.</summary>
    [JsonObject]
    public required JsonElement Schema { get; init; }
}
