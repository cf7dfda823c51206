using System.Text.Json;

namespace Gemma4.Engine.Chat;

/// <summary>What a checkpoint's <c>tokenizer_config.json</c> says to templates.</summary>
/// <param name="ChatTemplate">The template kept there, by older checkpoints; null where there is none.</param>
/// <param name="SpecialTokens">Tokens by the names templates know them by: <c>bos_token</c>, <c>eos_token</c>, ….</param>
internal sealed record TokenizerConfig(string? ChatTemplate, IReadOnlyDictionary<string, string> SpecialTokens)
{
    public const string FileName = "tokenizer_config.json";

    /// <summary>Reads the file; a checkpoint without it says nothing.</summary>
    /// <exception cref="InvalidDataException">The file is not what it should be.</exception>
    public static TokenizerConfig Load(string checkpointFolder)
    {
        string path = Path.Combine(checkpointFolder, FileName);
        if (!File.Exists(path))
            return new TokenizerConfig(null, new Dictionary<string, string>());
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{path}: expected an object, found {document.RootElement.ValueKind}");
            return new TokenizerConfig(Template(document.RootElement), Tokens(document.RootElement));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // InvalidOperationException: a string that is no Unicode text, or a "template" or "name" that is no string.
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    // One template, or several by name, of which the one called "default" is for chat.
    private static string? Template(JsonElement root)
    {
        if (!root.TryGetProperty("chat_template", out JsonElement template))
            return null;
        if (template.ValueKind == JsonValueKind.String)
            return template.GetString();
        if (template.ValueKind != JsonValueKind.Array)
            return null;
        return template.EnumerateArray()
            .Where(t => t.ValueKind == JsonValueKind.Object && t.TryGetProperty("name", out JsonElement name) && name.ValueEquals("default"))
            .Select(t => t.TryGetProperty("template", out JsonElement text) ? text.GetString() : null)
            .FirstOrDefault();
    }

    private static Dictionary<string, string> Tokens(JsonElement root)
    {
        var tokens = new Dictionary<string, string>();
        foreach (JsonProperty property in root.EnumerateObject().Where(p => p.Name.EndsWith("_token", StringComparison.Ordinal)))
        {
            JsonElement value = property.Value;
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out JsonElement content))
                value = content;
            if (value.ValueKind == JsonValueKind.String)
                tokens[property.Name] = value.GetString()!;
        }
        return tokens;
    }
}
