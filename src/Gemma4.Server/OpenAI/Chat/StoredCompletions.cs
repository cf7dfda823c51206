using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>The body of <c>POST /v1/chat/completions/{id}</c>.</summary>
internal sealed record ChatCompletionUpdate
{
    /// <summary>Takes the place of those that there are; null for none.</summary>
    [MaxLength(16)]
    public required Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>Chat completions that are kept.</summary>
/// <param name="Data">Those of this page.</param>
/// <param name="FirstId">The first one's id; empty where there is none.</param>
/// <param name="LastId">The last one's id; empty where there is none.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record ChatCompletionList(ChatCompletion[] Data, string FirstId, string LastId, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A chat completion that is kept no more.</summary>
/// <param name="Id">Its id.</param>
internal sealed record ChatCompletionDeleted(string Id)
{
    /// <summary>Always <c>chat.completion.deleted</c>.</summary>
    public string Object { get; init; } = "chat.completion.deleted";

    /// <summary>Always true.</summary>
    public bool Deleted { get; init; } = true;
}

/// <summary>The messages that were put into a chat completion.</summary>
/// <param name="Data">Those of this page.</param>
/// <param name="FirstId">The first one's id; empty where there is none.</param>
/// <param name="LastId">The last one's id; empty where there is none.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record StoredMessageList(StoredMessage[] Data, string FirstId, string LastId, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A message that was put into a chat completion.</summary>
internal sealed record StoredMessage
{
    /// <summary>The completion's id and the message's place.</summary>
    public required string Id { get; init; }

    /// <summary>Who spoke.</summary>
    public required string Role { get; init; }

    /// <summary>The text; null where it was given as parts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Content { get; init; }

    /// <summary>The parts; null where it was given as a text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required ContentPart[]? ContentParts { get; init; }

    /// <summary>Always null, or as it was given back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }

    /// <summary>Name of the speaker.</summary>
    public string? Name { get; init; }

    /// <summary>Calls the assistant made.</summary>
    public ToolCallDto[]? ToolCalls { get; init; }

    /// <summary>The call that a <c>tool</c> message answers.</summary>
    public string? ToolCallId { get; init; }
}
