using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>One message of the conversation.</summary>
internal sealed record ChatMessageDto
{
    /// <summary>Who speaks; <c>developer</c> is <c>system</c>.</summary>
    [AllowedValues("developer", "system", "user", "assistant", "tool", "function")]
    public required string Role { get; init; }

    /// <summary>A text or a list of parts; null only in answers given back.</summary>
    public MessageContent? Content { get; init; }

    /// <summary>Name of the speaker; shown to templates that use it.</summary>
    public string? Name { get; init; }

    /// <summary>Calls the assistant made.</summary>
    public ToolCallDto[]? ToolCalls { get; init; }

    /// <summary>The call that a <c>tool</c> message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The thought of an earlier answer, given back.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The same, as some servers call it.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A refusal of an earlier answer, given back.</summary>
    public string? Refusal { get; init; }

    /// <summary>Given back by clients; not used.</summary>
    public JsonElement? Annotations { get; init; }

    /// <summary>Given back by clients; not used.</summary>
    public JsonElement? Audio { get; init; }

    /// <summary>Deprecated form of one tool call.</summary>
    public FunctionCallDto? FunctionCall { get; init; }
}
