using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>The whole answer of <c>POST /v1/chat/completions</c>.</summary>
internal sealed record ChatCompletion
{
    /// <summary><c>chatcmpl-…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>chat.completion</c>.</summary>
    public string Object { get; init; } = "chat.completion";

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>Names build and weights: the same seed gives the same tokens only under the same fingerprint.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>One entry an answer.</summary>
    public required ChatChoice[] Choices { get; init; }

    /// <summary>Token counts.</summary>
    public required Usage Usage { get; init; }

    /// <summary>The caller's own texts, of one that is kept.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary><c>default</c>, when the request asked for a tier.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The prompt's tokens, when <c>return_token_ids</c> asked.</summary>
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

/// <summary>One answer.</summary>
internal sealed record ChatChoice
{
    /// <summary>0, 1, … up to <c>n</c> - 1.</summary>
    public required int Index { get; init; }

    /// <summary>The answer.</summary>
    public required AssistantMessage Message { get; init; }

    /// <summary>Log-probabilities, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required ChatLogprobs? Logprobs { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>tool_calls</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The answer's tokens, when <c>return_token_ids</c> asked.</summary>
    public IReadOnlyList<int>? TokenIds { get; init; }
}

/// <summary>The assistant's message.</summary>
internal sealed record AssistantMessage
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary>The text; null when there are calls only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Content { get; init; }

    /// <summary>Always null: the model does not refuse in a channel of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }

    /// <summary>The thought.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The thought under its other name, when the server is told so.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Calls; absent when there are none.</summary>
    public ToolCallDto[]? ToolCalls { get; init; }
}
