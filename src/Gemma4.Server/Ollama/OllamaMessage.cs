using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.Ollama;

/// <summary>One message of a conversation, given or generated.</summary>
internal sealed record OllamaMessage
{
    /// <summary>Who speaks.</summary>
    [AllowedValues("system", "user", "assistant", "tool")]
    public required string Role { get; init; }

    /// <summary>The text.</summary>
    public string? Content { get; init; }

    /// <summary>Of <c>assistant</c>: the thought before the answer.</summary>
    public string? Thinking { get; init; }

    /// <summary>Images, each the base64 of a file.</summary>
    [MaxLength(4096)]
    public string[]? Images { get; init; }

    /// <summary>Of <c>assistant</c>: calls it made.</summary>
    public OllamaToolCall[]? ToolCalls { get; init; }

    /// <summary>Of <c>tool</c>: the function whose result it is.</summary>
    public string? ToolName { get; init; }

    /// <summary>Of <c>tool</c>: the call whose result it is.</summary>
    public string? ToolCallId { get; init; }
}
