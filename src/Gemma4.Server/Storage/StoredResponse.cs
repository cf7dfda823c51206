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
    /// <summary>Its own items.</summary>
    public IEnumerable<ResponseItem> OwnItems => Input.Concat(Response.Output);

    /// <summary>Estimate of the bytes it holds. Counts the whole conversation: its items may outlive the responses they came with.</summary>
    public long Size { get; } = Conversation.Sum(SizeOf);

    private static long SizeOf(ResponseItem item) => 512 + (2L * (
        Length(item.Arguments) + Length(item.Name) + (item.Summary ?? []).Sum(SizeOf) + SizeOf(item.Content) + SizeOf(item.Output)));

    private static long SizeOf(ResponseContent? content) => Length(content?.Text) + (content?.Parts ?? []).Sum(SizeOf);

    private static long SizeOf(ResponsePart part) =>
        64 + Length(part.Text) + Length(part.Refusal) + Length(part.ImageUrl) + Length(part.InputAudio?.Data) + Length(part.AudioUrl?.Value.Url)
        + Length(part.VideoUrl?.Value.Url) + (part.Video?.Frames ?? []).Sum(Length);

    private static long Length(string? text) => text?.Length ?? 0;
}
