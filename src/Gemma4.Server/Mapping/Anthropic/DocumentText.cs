using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>A document block as the text that the model reads.</summary>
internal static class DocumentText
{
    private const string Mend = """Send its text as {"type": "text", "media_type": "text/plain", "data": "..."}, or its pages as 'image' blocks.""";

    /// <exception cref="ApiException">The document is no text.</exception>
    public static string Of(IInputBlock block, string path)
    {
        string at = $"{path}.source";
        string text = Body(block.Source ?? throw Fault.Missing(at), at);
        return $"<document>\n{Line("title", block.Title)}{Line("context", block.Context)}{text}\n</document>\n";
    }

    private static string Body(BlockSource source, string path) => source.Type switch
    {
        "text" when source.MediaType is { } type && !type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) =>
            throw Fault.Value($"{path}.media_type", type, ["text/plain"]),
        "text" => source.Data ?? throw Fault.Missing($"{path}.data"),
        "content" => Joined(source.Content ?? throw Fault.Missing($"{path}.content"), $"{path}.content"),
        "base64" => throw Fault.UnsupportedValue(
            $"{path}.type", $"Unsupported value: 'base64'. This server does not read documents of type '{source.MediaType ?? "application/pdf"}'. {Mend}"),
        "url" => throw Fault.UnsupportedValue($"{path}.type", $"Unsupported value: 'url'. This server does not fetch documents. {Mend}"),
        _ => throw Fault.UnsupportedValue($"{path}.type", $"Unsupported value: '{source.Type}'. Files may stand in messages of role 'user'. {Mend}"),
    };

    private static string Joined(DocumentContent content, string path) =>
        string.Concat(content.Blocks.Select((block, i) => block.Text ?? throw Fault.Missing($"{path}[{i}].text")));

    private static string Line(string name, string? text) => string.IsNullOrEmpty(text) ? "" : $"<{name}>{text}</{name}>\n";
}
