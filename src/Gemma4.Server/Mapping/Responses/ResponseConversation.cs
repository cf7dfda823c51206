using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.Chat;
using Gemma4.Server.Media;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Items to the template's messages: what the assistant thought, said and called in a row is one message of its turn.</summary>
internal sealed class ResponseConversation
{
    private readonly List<ChatMessage> _messages = [];
    private readonly List<MediaSource> _media = [];
    private readonly StringBuilder _thought = new();
    private readonly StringBuilder _text = new();
    private readonly List<ChatToolCall> _calls = [];

    /// <summary>The media of the items, numbered as their parts are.</summary>
    public IReadOnlyList<MediaSource> Media => _media;

    /// <param name="instructions">A system message before all others; null for none.</param>
    /// <param name="items">The items, checked and normal.</param>
    /// <param name="numEarlier">How many of them are kept, and so are not in the request.</param>
    /// <param name="earlierParam">The field that named those.</param>
    public IReadOnlyList<ChatMessage> Map(string? instructions, ImmutableArray<ResponseItem> items, int numEarlier, string earlierParam)
    {
        if (!string.IsNullOrEmpty(instructions))
            _messages.Add(new ChatMessage { Role = "system", Content = instructions });
        for (int i = 0; i < items.Length; i++)
            Add(items[i], i < numEarlier ? earlierParam : $"input[{i - numEarlier}]");
        EndTurn();
        return MergeSystem(_messages);
    }

    private void Add(ResponseItem item, string path)
    {
        switch (item.Type)
        {
            case "reasoning":
                if (_text.Length > 0 || _calls.Count > 0)
                    EndTurn();
                _thought.Append(Text(item.Content) is { Length: > 0 } thought ? thought : Text(new ResponseContent { Parts = item.Summary }));
                break;
            case "message" when item.Role == "assistant":
                _text.Append(Text(item.Content));
                break;
            case "function_call":
                _calls.Add(new ChatToolCall(item.CallId, item.Name!, item.Arguments!));
                break;
            case "custom_tool_call":
                _calls.Add(CustomTools.Call(item.CallId, item.Name!, item.Input!));
                break;
            case "function_call_output" or "custom_tool_call_output":
                EndTurn();
                _messages.Add(Message("tool", item.Output!, $"{path}.output") with { ToolCallId = item.CallId });
                break;
            default:
                EndTurn();
                _messages.Add(Message(item.Role == "developer" ? "system" : item.Role!, item.Content!, $"{path}.content"));
                break;
        }
    }

    private void EndTurn()
    {
        if (_thought.Length + _text.Length + _calls.Count == 0)
            return;
        _messages.Add(new ChatMessage
        {
            Role = "assistant",
            Content = _text.Length == 0 && _calls.Count > 0 ? null : _text.ToString(),
            Reasoning = _thought.Length == 0 ? null : _thought.ToString(),
            ToolCalls = [.. _calls],
        });
        _thought.Clear();
        _text.Clear();
        _calls.Clear();
    }

    private ChatMessage Message(string role, ResponseContent content, string path)
    {
        bool isText = content.Parts is null || content.Parts.All(p => p.Type == "input_text");
        return isText
            ? new ChatMessage { Role = role, Content = Text(content) }
            : new ChatMessage { Role = role, Parts = [.. content.Parts!.Select((p, i) => Part(p, $"{path}[{i}]"))] };
    }

    private ContentPart Part(ResponsePart part, string path) => part.Type switch
    {
        "input_image" => Add(MediaKind.Image, new MediaSource.Image(part.ImageUrl!, part.Detail, part.MaxSoftTokens, $"{path}.image_url")),
        "input_audio" when part.AudioUrl is { } url => Add(MediaKind.Audio, new MediaSource.AudioUrl(url.Value.Url, url.Value.AllowWindows, $"{path}.audio_url.url")),
        "input_audio" => Add(MediaKind.Audio, new MediaSource.AudioData(part.InputAudio!.Data, part.InputAudio.AllowWindows, $"{path}.input_audio.data")),
        "video_url" or "video" => Add(MediaKind.Video, MediaMapper.Video(part, path)),
        _ => new ContentPart.Text(part.Text!),
    };

    private ContentPart.Media Add(MediaKind kind, MediaSource source)
    {
        _media.Add(source);
        return new ContentPart.Media(kind, _media.Count - 1);
    }

    private static string Text(ResponseContent? content) =>
        content?.Text ?? string.Concat((content?.Parts ?? []).Select(p => p.Text ?? p.Refusal));

    /// <summary>The template has one system turn: a conversation's own system message joins the instructions.</summary>
    private static List<ChatMessage> MergeSystem(List<ChatMessage> messages)
    {
        bool hasTwo = messages is [{ Role: "system", Content: not null }, { Role: "system", Content: not null }, ..];
        return hasTwo
            ? [messages[0] with { Content = $"{messages[0].Content}\n\n{messages[1].Content}" }, .. messages[2..]]
            : messages;
    }
}
