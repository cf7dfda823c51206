using System.Text.Json.Serialization;

namespace Gemma4.Server.Anthropic;

/// <summary>One event of a streamed message; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record MessageEvent
{
    /// <summary><c>message_start</c>, <c>content_block_start</c>, <c>…_delta</c>, <c>…_stop</c> or <c>message_stop</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The message without content.</summary>
    public MessageResponse? Message { get; init; }

    /// <summary>Which block.</summary>
    public int? Index { get; init; }

    /// <summary>The block without content.</summary>
    public ContentBlock? ContentBlock { get; init; }

    /// <summary>What is new in the block.</summary>
    public BlockDelta? Delta { get; init; }
}

/// <summary>What is new in a block; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record BlockDelta
{
    /// <summary>What the piece is.</summary>
    public required string Type { get; init; }

    /// <summary>Of <c>text_delta</c>.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>thinking_delta</c>.</summary>
    public string? Thinking { get; init; }

    /// <summary>Of <c>signature_delta</c>.</summary>
    public string? Signature { get; init; }

    /// <summary>Of <c>input_json_delta</c>.</summary>
    public string? PartialJson { get; init; }
}

/// <summary>The event that tells why a message ended.</summary>
/// <param name="Delta">Why.</param>
/// <param name="Usage">Token counts of the whole message.</param>
internal sealed record MessageEndEvent(MessageEnd Delta, MessageUsage Usage)
{
    /// <summary>Always <c>message_delta</c>.</summary>
    public string Type { get; init; } = "message_delta";
}

/// <summary>Why a message ended.</summary>
/// <param name="StopReason">As in <see cref="MessageResponse"/>.</param>
/// <param name="StopSequence">The stop sequence that was met.</param>
internal sealed record MessageEnd(
    string StopReason, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? StopSequence);
