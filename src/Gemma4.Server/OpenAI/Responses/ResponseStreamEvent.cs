using System.Text.Json;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>One event of a streamed response; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record ResponseStreamEvent
{
    /// <summary>The event's name, <c>response.…</c>; none but those that clients know.</summary>
    public required string Type { get; init; }

    /// <summary>0, 1, 2, …</summary>
    public int SequenceNumber { get; init; }

    /// <summary>The response so far.</summary>
    public ResponseObject? Response { get; init; }

    /// <summary>Which item of the output.</summary>
    public int? OutputIndex { get; init; }

    /// <summary>The item so far.</summary>
    public ResponseItem? Item { get; init; }

    /// <summary>Names the item.</summary>
    public string? ItemId { get; init; }

    /// <summary>Which part of the item.</summary>
    public int? ContentIndex { get; init; }

    /// <summary>Which part of a thought's summary.</summary>
    public int? SummaryIndex { get; init; }

    /// <summary>The part so far.</summary>
    public ResponsePart? Part { get; init; }

    /// <summary>What is new.</summary>
    public string? Delta { get; init; }

    /// <summary>The whole text.</summary>
    public string? Text { get; init; }

    /// <summary>Of the tokens of this text.</summary>
    public JsonElement? Logprobs { get; init; }

    /// <summary>The function's name.</summary>
    public string? Name { get; init; }

    /// <summary>The whole arguments.</summary>
    public string? Arguments { get; init; }

    /// <summary>The whole text of a custom tool's call.</summary>
    public string? Input { get; init; }
}
