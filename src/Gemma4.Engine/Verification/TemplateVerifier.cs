using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Verification;

/// <summary><c>verify templates CHAT_JSON TEMPLATES_DIR</c>: renders every conversation with every template and compares with what
/// the reference rendered, or that it refused.</summary>
/// <remarks>
/// The file has <c>conversations</c> (name to <c>messages</c>, <c>tools</c>, <c>add_generation_prompt</c> and <c>kwargs</c>) and
/// <c>rendered</c> (a <c>template</c> file's name, and its <c>cases</c>: name to <c>text</c> or <c>error</c>).
/// </remarks>
public static class TemplateVerifier
{
    private const int ShownContext = 30;

    /// <summary>Verifies and prints one line a case.</summary>
    /// <param name="args">The file and the folder of templates.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>0 if every case holds, 1 if one does not, 2 if the arguments or the file are not what they should be.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        if (args.Count != 2)
        {
            output.WriteLine("usage: verify templates CHAT_JSON TEMPLATES_DIR");
            return 2;
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(args[0]));
            return VerifyAll(document.RootElement, args[1], output);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            output.WriteLine($"{args[0]}: {error.Message}");
            return 2;
        }
    }

    private static int VerifyAll(JsonElement root, string folder, TextWriter output)
    {
        JsonElement conversations = root.GetProperty("conversations");
        int held = 0;
        int all = 0;
        foreach (JsonElement row in root.GetProperty("rendered").EnumerateArray())
        {
            string name = row.GetProperty("template").GetString()!;
            ChatTemplate? template = TryParse(Path.Combine(folder, name), out string? refusal);
            foreach (JsonProperty expected in row.GetProperty("cases").EnumerateObject())
            {
                string? difference = template is null
                    ? (expected.Value.TryGetProperty("error", out _) ? null : refusal)
                    : Compare(template, conversations.GetProperty(expected.Name), expected.Value);
                all++;
                held += difference is null ? 1 : 0;
                output.WriteLine($"{(difference is null ? "ok  " : "FAIL")} {name} {expected.Name}{(difference is null ? "" : ": " + difference)}");
            }
        }
        output.WriteLine($"{held} of {all} cases hold");
        return held == all && all > 0 ? 0 : 1;
    }

    private static ChatTemplate? TryParse(string path, out string? refusal)
    {
        refusal = null;
        try
        {
            return ChatTemplate.Parse(File.ReadAllText(path));
        }
        catch (ChatTemplateException error)
        {
            refusal = error.Message;
            return null;
        }
    }

    /// <summary>Null where the result is as expected, else the first difference.</summary>
    private static string? Compare(ChatTemplate template, JsonElement conversation, JsonElement expected)
    {
        bool mustFail = expected.TryGetProperty("error", out JsonElement error);
        string text;
        try
        {
            text = template.Render(Input(conversation)).Chars;
        }
        catch (ChatTemplateException refusal)
        {
            return mustFail ? null : $"refused: {refusal.Message}";
        }
        if (mustFail)
            return $"rendered, where the reference refuses: {error.GetString()}";
        string wanted = expected.GetProperty("text").GetString()!;
        if (text == wanted)
            return null;
        int at = text.AsSpan().CommonPrefixLength(wanted);
        return $"differs at character {at}: found {Shown(text, at)}, expected {Shown(wanted, at)}";
    }

    private static TemplateInput Input(JsonElement conversation)
    {
        var variables = new List<KeyValuePair<string, Value>>
        {
            new("bos_token", Text.Template("<bos>")),
            new("eos_token", Text.Template("<eos>")),
        };
        bool continues = false;
        if (conversation.TryGetProperty("kwargs", out JsonElement given) && given.ValueKind == JsonValueKind.Object)
        {
            continues = given.TryGetProperty("continue_final_message", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
            variables.AddRange(given.EnumerateObject()
                .Where(p => p.Name != "continue_final_message")
                .Select(p => new KeyValuePair<string, Value>(p.Name, JsonValues.Convert(p.Value))));
        }
        bool addGenerationPrompt = conversation.TryGetProperty("add_generation_prompt", out JsonElement add)
            ? add.ValueKind == JsonValueKind.True
            : !continues;
        bool hasTools = conversation.TryGetProperty("tools", out JsonElement tools) && tools.ValueKind == JsonValueKind.Array;
        return new TemplateInput(
            [.. conversation.GetProperty("messages").EnumerateArray().Select(JsonValues.Convert)],
            hasTools ? [.. tools.EnumerateArray().Select(JsonValues.Convert)] : null,
            addGenerationPrompt,
            continues,
            variables);
    }

    private static string Shown(string text, int at)
    {
        int start = Math.Max(0, at - ShownContext);
        int end = Math.Min(text.Length, at + ShownContext);
        return JsonSerializer.Serialize(text[start..end]);
    }
}
