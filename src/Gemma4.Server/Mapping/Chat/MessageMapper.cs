using System.Collections.Immutable;
using Gemma4.Engine.Chat;
using Gemma4.Server.Media;
using Gemma4.Server.OpenAI.Chat;
using ContentPart = Gemma4.Engine.Chat.ContentPart;
using PartDto = Gemma4.Server.OpenAI.Chat.ContentPart;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Messages that passed <see cref="MessageRules"/> to the template's conversation and the media it names.</summary>
internal sealed class MessageMapper
{
    private readonly List<MediaSource> _media = [];

    /// <summary>The media of the messages mapped so far, numbered as their parts are.</summary>
    public IReadOnlyList<MediaSource> Media => _media;

    public IReadOnlyList<ChatMessage> Map(ChatMessageDto[] messages) => [.. messages.Select(Map)];

    private ChatMessage Map(ChatMessageDto message, int index) => new()
    {
        Role = message.Role switch { "developer" => "system", "function" => "tool", string role => role },
        Content = Text(message),
        Parts = Parts(message.Content?.Parts, index),
        Reasoning = message.ReasoningContent ?? message.Reasoning,
        ToolCalls = Calls(message),
        ToolCallId = message.ToolCallId,
        Name = message.Name,
    };

    /// <summary>An answer without text and calls is its refusal, or empty.</summary>
    private static string? Text(ChatMessageDto message) => message switch
    {
        { Content.Parts: { Length: > 0 } } => null,
        { Content.Text: { } text } => text,
        { ToolCalls: { Length: > 0 } } or { FunctionCall: not null } => null,
        _ => message.Refusal ?? "",
    };

    /// <summary>The deprecated single call is a call without id.</summary>
    private static ImmutableArray<ChatToolCall> Calls(ChatMessageDto message) => message.FunctionCall is { } single
        ? [new ChatToolCall(null, single.Name, single.Arguments)]
        : [.. (message.ToolCalls ?? []).Select(Call)];

    private static ChatToolCall Call(ToolCallDto call) => call.Type == "custom"
        ? CustomTools.Call(call.Id, call.Custom!.Name, call.Custom.Input)
        : new ChatToolCall(call.Id, call.Function!.Name, call.Function.Arguments);

    private ImmutableArray<ContentPart> Parts(PartDto[]? parts, int message) => parts is null
        ? []
        : [.. parts.Select((part, i) => Part(part, $"messages[{message}].content[{i}]"))];

    private ContentPart Part(PartDto part, string path) => part.Type switch
    {
        "text" => new ContentPart.Text(part.Text!),
        "refusal" => new ContentPart.Text(part.Refusal!),
        "image_url" => Add(MediaKind.Image, new MediaSource.Image(
            part.ImageUrl!.Value.Url, part.ImageUrl.Value.Detail, part.MaxSoftTokens ?? part.ImageUrl.Value.MaxSoftTokens, $"{path}.image_url.url")),
        "input_audio" => Add(MediaKind.Audio, new MediaSource.AudioData(part.InputAudio!.Data, part.InputAudio.AllowWindows, $"{path}.input_audio.data")),
        "audio_url" => Add(MediaKind.Audio, new MediaSource.AudioUrl(part.AudioUrl!.Value.Url, part.AudioUrl.Value.AllowWindows, $"{path}.audio_url.url")),
        _ => Add(MediaKind.Video, MediaMapper.Video(part, path)),
    };

    private ContentPart.Media Add(MediaKind kind, MediaSource source)
    {
        _media.Add(source);
        return new ContentPart.Media(kind, _media.Count - 1);
    }
}
