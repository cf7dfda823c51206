using System.Text.Json;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>A call's arguments as templates want them: always an object (see <see cref="ChatToolCall"/>).</summary>
internal static class ToolArguments
{
    public static DictValue Read(string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
            return DictValue.Empty;
        Value value;
        try
        {
            using JsonDocument document = JsonDocument.Parse(arguments);
            value = JsonValues.Convert(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON, or JSON with half a surrogate pair: what the model wrote is shown as it is.
            value = Text.Data(arguments);
        }
        return value switch
        {
            DictValue dict => dict,
            NoneValue => DictValue.Empty,
            _ => new DictValue([new(Text.Template("arguments"), value)]),
        };
    }
}
