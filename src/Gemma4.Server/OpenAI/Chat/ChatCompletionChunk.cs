using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>One frame of a streamed answer.</summary>
internal record ChatCompletionChunk
{
    /// <summary>The same in all frames of an answer.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>chat.completion.chunk</c>.</summary>
    public string Object { get; init; } = "chat.completion.chunk";

    /// <summary>Seconds since 1970; the same in all frames.</summary>
    public required long Created { get; init; }

    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>Names build and weights.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary><c>default</c>, when the request asked for a tier.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>One entry; none in the frame with the token counts.</summary>
    public required ChatChunkChoice[] Choices { get; init; }
}

/// <summary>A frame of a stream that was asked for token counts: null in all but the last.</summary>
internal sealed record ChatCompletionChunkWithUsage : ChatCompletionChunk
{
    /// <summary>Token counts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Usage? Usage { get; init; }
}

/// <summary>What is new in one answer.</summary>
internal sealed record ChatChunkChoice
{
    /// <summary>Which answer.</summary>
    public required int Index { get; init; }

    /// <summary>The new pieces.</summary>
    public required ChatDelta Delta { get; init; }

    /// <summary>Log-probabilities of the new tokens, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ChatLogprobs? Logprobs { get; init; }

    /// <summary>Set in an answer's last frame.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }
}

/// <summary>New pieces of an answer; what is absent did not grow.</summary>
internal sealed record ChatDelta
{
    /// <summary><c>assistant</c>, in the first delta of each answer only.</summary>
    public string? Role { get; init; }

    /// <summary>More text.</summary>
    public string? Content { get; init; }

    /// <summary>More of the thought.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>More of the thought under its other name, when the server is told so.</summary>
    public string? Reasoning { get; init; }

    /// <summary>New calls and more of their arguments.</summary>
    public ToolCallDelta[]? ToolCalls { get; init; }
}

/// <summary>A new call, or more of one's arguments.</summary>
internal sealed record ToolCallDelta
{
    /// <summary>Which call of the answer.</summary>
    public required int Index { get; init; }

    /// <summary>In the call's first delta only.</summary>
    public string? Id { get; init; }

    /// <summary><c>function</c> or <c>custom</c>, in the call's first delta only.</summary>
    public string? Type { get; init; }

    /// <summary>Of <c>function</c>: name, in the first delta only, and more of the arguments.</summary>
    public FunctionCallDelta? Function { get; init; }

    /// <summary>Of <c>custom</c>: name, in the first delta only, and more of the text.</summary>
    public CustomCallDelta? Custom { get; init; }
}

/// <summary>Pieces of a function call.</summary>
internal sealed record FunctionCallDelta
{
    /// <summary>In the call's first delta only.</summary>
    public string? Name { get; init; }

    /// <summary>The next piece of the arguments' JSON text.</summary>
    public required string Arguments { get; init; }
}

/// <summary>Pieces of a custom tool's call.</summary>
internal sealed record CustomCallDelta
{
    /// <summary>In the call's first delta only.</summary>
    public string? Name { get; init; }

    /// <summary>The next piece of the text.</summary>
    public required string Input { get; init; }
}
