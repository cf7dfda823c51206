using Gemma4.Engine.Chat;
using Gemma4.Server.Media;
using Gemma4.Server.Ollama;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>Messages of Ollama's API to the template's, and the images they hold. Results there name a function rather than a call.</summary>
internal sealed class OllamaConversation
{
    private readonly List<MediaSource> _media = [];
    private readonly List<ChatToolCall> _open = [];

    /// <summary>The images of the messages mapped so far, numbered as their parts are.</summary>
    public IReadOnlyList<MediaSource> Media => _media;

    public IReadOnlyList<ChatMessage> Map(OllamaMessage[] messages) => [.. messages.Select((m, i) => Map(m, $"messages[{i}]"))];

    /// <summary>A prompt of <c>/api/generate</c> as a conversation.</summary>
    public IReadOnlyList<ChatMessage> Map(OllamaGenerateRequest request)
    {
        ChatMessage user = Said("user", request.Prompt, request.Images, "images");
        return string.IsNullOrEmpty(request.System) ? [user] : [new ChatMessage { Role = "system", Content = request.System }, user];
    }

    private ChatMessage Map(OllamaMessage message, string path)
    {
        ChatMessage mapped = Said(message.Role, message.Content, message.Images, $"{path}.images");
        if (message.Role == "tool")
            return mapped with { ToolCallId = Answered(message)?.Id, Name = message.ToolName };
        _open.Clear();
        if (message.Role != "assistant")
            return mapped;
        _open.AddRange((message.ToolCalls ?? []).Select((call, i) => new ChatToolCall(
            call.Id ?? $"{path}.{i}", call.Function.Name, call.Function.Arguments?.GetRawText() ?? "{}")));
        return mapped with
        {
            Content = _open.Count > 0 && string.IsNullOrEmpty(message.Content) ? null : mapped.Content,
            Reasoning = string.IsNullOrEmpty(message.Thinking) ? null : message.Thinking,
            ToolCalls = [.. _open],
        };
    }

    /// <summary>The call that a result answers: the one it names, the first of its function, or the first that is left.</summary>
    private ChatToolCall? Answered(OllamaMessage result)
    {
        ChatToolCall? call = result switch
        {
            { ToolCallId: { } id } => _open.Find(c => c.Id == id),
            { ToolName: { } name } => _open.Find(c => c.Name == name),
            _ => _open.FirstOrDefault(),
        };
        if (call is not null)
            _open.Remove(call);
        return call;
    }

    /// <summary>Images stand before the text, where this API has no places for them.</summary>
    private ChatMessage Said(string role, string? text, string[]? images, string path)
    {
        if (images is not { Length: > 0 })
            return new ChatMessage { Role = role, Content = text ?? "" };
        return new ChatMessage
        {
            Role = role,
            Parts = [.. images.Select((image, i) => (ContentPart)Add(image, $"{path}[{i}]")), new ContentPart.Text(text ?? "")],
        };
    }

    private ContentPart.Media Add(string image, string path)
    {
        _media.Add(new MediaSource.Image(DataUri.Is(image) ? image : $"data:application/octet-stream;base64,{image}", null, null, path));
        return new ContentPart.Media(MediaKind.Image, _media.Count - 1);
    }
}
