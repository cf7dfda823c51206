using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>A conversation as templates see it: the dicts that the reference passes.</summary>
/// <remarks>Names we choose ourselves (keys, known roles, kinds of parts) are template text, as templates build control tokens
/// from them (<c>'&lt;|' ~ part.type ~ '|&gt;'</c>). Everything the request says is data.</remarks>
internal static class ConversationValues
{
    private static readonly ImmutableHashSet<string> KnownRoles = ["system", "developer", "user", "assistant", "tool"];

    public static Value Message(ChatMessage message)
    {
        var entries = new List<KeyValuePair<Value, Value>>
        {
            Entry("role", KnownRoles.Contains(message.Role) ? Text.Template(message.Role) : Text.Data(message.Role)),
            Entry("content", Content(message)),
        };
        if (!string.IsNullOrEmpty(message.Reasoning))
        {
            // Templates differ in which of the two names they read.
            entries.Add(Entry("reasoning", Text.Data(message.Reasoning)));
            entries.Add(Entry("reasoning_content", Text.Data(message.Reasoning)));
        }
        if (!message.ToolCalls.IsDefaultOrEmpty)
            entries.Add(Entry("tool_calls", new ListValue([.. message.ToolCalls.Select(ToolCall)])));
        if (message.ToolCallId is not null)
            entries.Add(Entry("tool_call_id", Text.Data(message.ToolCallId)));
        if (message.Name is not null)
            entries.Add(Entry("name", Text.Data(message.Name)));
        return new DictValue(entries);
    }

    public static Value Tool(ToolDefinition tool)
    {
        var function = new List<KeyValuePair<Value, Value>> { Entry("name", Text.Data(tool.Name)) };
        if (tool.Description is not null)
            function.Add(Entry("description", Text.Data(tool.Description)));
        if (tool.Parameters is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } parameters)
            function.Add(Entry("parameters", JsonValues.Convert(parameters)));
        return Function(null, function);
    }

    private static Value Content(ChatMessage message) => !message.Parts.IsDefaultOrEmpty
        ? new ListValue([.. message.Parts.Select(Part)])
        : message.Content is { } text ? Text.Data(text) : NoneValue.Instance;

    private static DictValue Part(ContentPart part) => part switch
    {
        ContentPart.Text text => new DictValue([Entry("type", Text.Template("text")), Entry("text", Text.Data(text.Value))]),
        ContentPart.Media media => new DictValue([Entry("type", Text.Template(NameOf(media.Kind)))]),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string NameOf(MediaKind kind) => kind switch
    {
        MediaKind.Image => "image",
        MediaKind.Audio => "audio",
        MediaKind.Video => "video",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Value ToolCall(ChatToolCall call) => Function(
        call.Id, [Entry("name", Text.Data(call.Name)), Entry("arguments", ToolArguments.Read(call.Arguments))]);

    private static DictValue Function(string? id, IReadOnlyList<KeyValuePair<Value, Value>> function)
    {
        var entries = new List<KeyValuePair<Value, Value>>();
        if (id is not null)
            entries.Add(Entry("id", Text.Data(id)));
        entries.Add(Entry("type", Text.Template("function")));
        entries.Add(Entry("function", new DictValue(function)));
        return new DictValue(entries);
    }

    private static KeyValuePair<Value, Value> Entry(string key, Value value) => new(Text.Template(key), value);
}
