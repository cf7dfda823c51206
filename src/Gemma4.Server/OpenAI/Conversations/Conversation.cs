using System.ComponentModel.DataAnnotations;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.OpenAI.Conversations;

/// <summary>The body of <c>POST /v1/conversations</c>.</summary>
internal sealed record ConversationRequest
{
    /// <summary>What it begins with; up to 20 items.</summary>
    [MaxLength(20)]
    public ResponseItem[]? Items { get; init; }

    /// <summary>Up to 16 texts of the caller's own; given back.</summary>
    [MaxLength(16)]
    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>The body of <c>POST /v1/conversations/{id}</c>.</summary>
internal sealed record ConversationUpdate
{
    /// <summary>Takes the place of those that there are.</summary>
    [MaxLength(16)]
    public required Dictionary<string, string> Metadata { get; init; }
}

/// <summary>The body of <c>POST /v1/conversations/{id}/items</c>.</summary>
internal sealed record ConversationItems
{
    /// <summary>What is added at its end; up to 20 items.</summary>
    [MinLength(1), MaxLength(20)]
    public required ResponseItem[] Items { get; init; }
}

/// <summary>A conversation: items that responses are made of and added to.</summary>
internal sealed record Conversation
{
    /// <summary><c>conv_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>conversation</c>.</summary>
    public string Object { get; init; } = "conversation";

    /// <summary>Seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>As given.</summary>
    public required Dictionary<string, string> Metadata { get; init; }
}

/// <summary>A conversation that is kept no more. Responses that were made in it stay.</summary>
/// <param name="Id">Its id.</param>
internal sealed record ConversationDeleted(string Id)
{
    /// <summary>Always <c>conversation.deleted</c>.</summary>
    public string Object { get; init; } = "conversation.deleted";

    /// <summary>Always true.</summary>
    public bool Deleted { get; init; } = true;
}
