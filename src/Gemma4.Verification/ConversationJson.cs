using Gemma4.Engine;
using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Verification;

/// <summary>A conversation of a case file, read into what the server renders: messages, tools and options.</summary>
/// <remarks>Messages are written as requests write them, or as callers of the reference's template engine do: arguments of a call as an
/// object, media as <c>{"type": "image"}</c>.</remarks>
internal static class ConversationJson
{
    private static readonly ImmutableDictionary<string, MediaKind> Media = new Dictionary<string, MediaKind>
    {
        ["image"] = MediaKind.Image,
        ["image_url"] = MediaKind.Image,
        ["audio"] = MediaKind.Audio,
        ["audio_url"] = MediaKind.Audio,
        ["input_audio"] = MediaKind.Audio,
        ["video"] = MediaKind.Video,
        ["video_url"] = MediaKind.Video,
    }.ToImmutableDictionary();

    /// <summary>The messages as the server's renderer hands them to a template.</summary>
    /// <remarks>What the server never hands to a template (an object as content, a call whose arguments are text) is handed on as it is
    /// written: such cases test the template language alone.</remarks>
    public static IReadOnlyList<Value> Values(JsonElement messages) =>
        [.. messages.EnumerateArray().Select(m => IsServed(m) ? ConversationValues.Message(Message(m)) : JsonValues.Convert(m))];

    /// <summary>The messages as a request's are after mapping. Media are numbered by their place in their message.</summary>
    public static IReadOnlyList<ChatMessage> Messages(JsonElement messages) => [.. messages.EnumerateArray().Select(Message)];

    /// <summary>The declared tools; null where there are none.</summary>
    public static IReadOnlyList<ToolDefinition>? Tools(JsonElement owner)
    {
        if (!owner.TryGetProperty("tools", out JsonElement tools) || tools.ValueKind != JsonValueKind.Array)
            return null;
        return
        [
            .. tools.EnumerateArray().Select(tool => tool.GetProperty("function")).Select(function => new ToolDefinition(
                function.GetProperty("name").GetString()!,
                Text(function, "description"),
                function.TryGetProperty("parameters", out JsonElement parameters) ? parameters : null)),
        ];
    }

    private static bool IsServed(JsonElement message)
    {
        bool isContent = !message.TryGetProperty("content", out JsonElement content)
            || content.ValueKind is JsonValueKind.String or JsonValueKind.Null
            || (content.ValueKind == JsonValueKind.Array && content.EnumerateArray().All(IsPart));
        return isContent && Calls(message).All(call => call.GetProperty("function").GetProperty("arguments").ValueKind == JsonValueKind.Object);
    }

    private static bool IsPart(JsonElement part) => part.ValueKind == JsonValueKind.Object && Text(part, "type") is { } type
        && (Media.ContainsKey(type) || (type == "text" && Text(part, "text") is not null));

    private static ChatMessage Message(JsonElement message)
    {
        bool hasContent = message.TryGetProperty("content", out JsonElement content);
        return new ChatMessage
        {
            Role = message.GetProperty("role").GetString()!,
            Content = hasContent && content.ValueKind == JsonValueKind.String ? content.GetString() : null,
            Parts = hasContent && content.ValueKind == JsonValueKind.Array ? [.. content.EnumerateArray().Select(Part)] : [],
            Reasoning = Text(message, "reasoning_content") ?? Text(message, "reasoning"),
            ToolCalls = [.. Calls(message).Select(Call)],
            ToolCallId = Text(message, "tool_call_id"),
            Name = Text(message, "name"),
        };
    }

    private static ContentPart Part(JsonElement part, int index)
    {
        string type = part.GetProperty("type").GetString()!;
        return Media.TryGetValue(type, out MediaKind kind)
            ? new ContentPart.Media(kind, index)
            : new ContentPart.Text(part.GetProperty("text").GetString()!);
    }

    private static IEnumerable<JsonElement> Calls(JsonElement message) =>
        message.TryGetProperty("tool_calls", out JsonElement calls) && calls.ValueKind == JsonValueKind.Array ? calls.EnumerateArray() : [];

    private static ChatToolCall Call(JsonElement call)
    {
        JsonElement function = call.GetProperty("function");
        string arguments = Text(function, "arguments") ?? function.GetProperty("arguments").GetRawText();
        return new ChatToolCall(Text(call, "id"), function.GetProperty("name").GetString()!, arguments);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
