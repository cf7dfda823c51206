using System.Collections.Immutable;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>A response that is kept, with what is needed to show it and to go on from it.</summary>
/// <param name="Response">As it was answered.</param>
/// <param name="Input">The items of its request.</param>
/// <param name="Conversation">All items up to and including its output; shared with the responses before it.</param>
internal sealed record StoredResponse(
    ResponseObject Response, ImmutableArray<ResponseItem> Input, ImmutableArray<ResponseItem> Conversation)
{
    /// <summary>Set for one that is or was made in the background.</summary>
    public BackgroundResponse? Background { get; init; }

    /// <summary>The response as it is now.</summary>
    public ResponseObject Current => Background?.Response ?? Response;

    /// <summary>Its own items.</summary>
    public IEnumerable<ResponseItem> OwnItems => Input.Concat(Response.Output);

    /// <summary>Estimate of the bytes it holds. Counts the whole conversation: its items may outlive the responses they came with.</summary>
    public long Size => _size ??= Conversation.Sum(SizeOf) + (Background?.Size ?? 0);

    private long? _size;

    private static long SizeOf(ResponseItem item) => 512 + (2L * (
        Length(item.Arguments) + Length(item.Input) + Length(item.Name) + (item.Summary ?? []).Sum(SizeOf) + SizeOf(item.Content) + SizeOf(item.Output)));

    private static long SizeOf(ResponseContent? content) => Length(content?.Text) + (content?.Parts ?? []).Sum(SizeOf);

    private static long SizeOf(ResponsePart part) =>
        64 + Length(part.Text) + Length(part.Refusal) + Length(part.ImageUrl) + Length(part.InputAudio?.Data) + Length(part.AudioUrl?.Value.Url)
        + Length(part.VideoUrl?.Value.Url) + (part.Video?.Frames ?? []).Sum(Length);

    private static long Length(string? text) => text?.Length ?? 0;
}
