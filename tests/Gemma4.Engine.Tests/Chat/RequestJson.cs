using System.Text.Json;
using Gemma4.Engine.Chat;

namespace Gemma4.Engine.Tests.Chat;

/// <summary>Conversations of golden files, which look like requests, as the public records.</summary>
internal static class RequestJson
{
    public static IReadOnlyList<ChatMessage> Messages(JsonElement messages) => [.. messages.EnumerateArray().Select(Message)];

    public static IReadOnlyList<ToolDefinition>? Tools(JsonElement tools) => tools.ValueKind != JsonValueKind.Array ? null :
    [
        .. tools.EnumerateArray().Select(tool => tool.GetProperty("function")).Select(function => new ToolDefinition(
            function.GetProperty("name").GetString()!,
            Text(function, "description"),
            function.TryGetProperty("parameters", out JsonElement parameters) ? parameters : null)),
    ];

    private static ChatMessage Message(JsonElement message)
    {
        bool hasContent = message.TryGetProperty("content", out JsonElement content);
        bool hasCalls = message.TryGetProperty("tool_calls", out JsonElement calls) && calls.ValueKind == JsonValueKind.Array;
        return new ChatMessage
        {
            Role = message.GetProperty("role").GetString()!,
            Content = hasContent && content.ValueKind == JsonValueKind.String ? content.GetString() : null,
            Parts = hasContent && content.ValueKind == JsonValueKind.Array ? [.. content.EnumerateArray().Select(Part)] : [],
            Reasoning = Text(message, "reasoning") ?? Text(message, "reasoning_content"),
            ToolCalls = hasCalls ? [.. calls.EnumerateArray().Select(Call)] : [],
            ToolCallId = Text(message, "tool_call_id"),
            Name = Text(message, "name"),
        };
    }

    private static ContentPart Part(JsonElement part, int index) => part.GetProperty("type").GetString() switch
    {
        "text" => new ContentPart.Text(part.GetProperty("text").GetString()!),
        "image" or "image_url" => new ContentPart.Media(MediaKind.Image, index),
        "audio" or "input_audio" => new ContentPart.Media(MediaKind.Audio, index),
        "video" => new ContentPart.Media(MediaKind.Video, index),
        var other => throw new InvalidDataException($"unknown part '{other}'"),
    };

    private static ChatToolCall Call(JsonElement call)
    {
        JsonElement function = call.GetProperty("function");
        return new ChatToolCall(Text(call, "id"), function.GetProperty("name").GetString()!, function.GetProperty("arguments").GetRawText());
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
