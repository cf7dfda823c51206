using System.Collections.Immutable;

namespace Gemma4.Engine.Chat;

/// <summary>One message of a conversation.</summary>
public sealed record ChatMessage
{
    /// <summary><c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>. Any other name is passed on as data.</summary>
    public required string Role { get; init; }

    /// <summary>The text, where the message is one; null where it has <see cref="Parts"/> or nothing.</summary>
    public string? Content { get; init; }

    /// <summary>The content as text and media in order; replaces <see cref="Content"/> when not empty.</summary>
    public ImmutableArray<ContentPart> Parts { get; init; } = [];

    /// <summary>The thought that came before an assistant's answer. The template decides whether it is shown again.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Calls an assistant made, in order.</summary>
    public ImmutableArray<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a tool's message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The name of the speaker, or of the tool.</summary>
    public string? Name { get; init; }
}
