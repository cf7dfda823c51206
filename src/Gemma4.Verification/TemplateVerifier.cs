using Gemma4.Engine;
using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;

namespace Gemma4.Verification;

/// <summary><c>verify templates CHAT_JSON TEMPLATES_DIR</c>: renders every conversation with every template and compares with what
/// the reference rendered, or that it refused.</summary>
/// <remarks>
/// Conversations go through the renderer that serves requests, so that what is verified is what is served: a thought under either of
/// its two names reaches the template under both.
/// The file has <c>conversations</c> (name to <c>messages</c>, <c>tools</c>, <c>add_generation_prompt</c> and <c>kwargs</c>) and
/// <c>rendered</c> (a <c>template</c> file's name, and its <c>cases</c>: name to <c>text</c> or <c>error</c>).
/// </remarks>
public static class TemplateVerifier
{
    private const int ShownContext = 30;

    /// <summary>The tokens that the reference names to templates, and that its renderings hold.</summary>
    internal static readonly ImmutableDictionary<string, string> SpecialTokens =
        new Dictionary<string, string> { ["bos_token"] = "<bos>", ["eos_token"] = "<eos>" }.ToImmutableDictionary();

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
            ChatRenderer? renderer = TryParse(Path.Combine(folder, name), out string? refusal);
            foreach (JsonProperty expected in row.GetProperty("cases").EnumerateObject())
            {
                string? difference = renderer is null
                    ? (expected.Value.TryGetProperty("error", out _) ? null : refusal)
                    : Compare(renderer, conversations.GetProperty(expected.Name), expected.Value);
                all++;
                held += difference is null ? 1 : 0;
                output.WriteLine($"{(difference is null ? "ok  " : "FAIL")} {name} {expected.Name}{(difference is null ? "" : ": " + difference)}");
            }
        }
        output.WriteLine($"{held} of {all} cases hold");
        return held == all && all > 0 ? 0 : 1;
    }

    private static ChatRenderer? TryParse(string path, out string? refusal)
    {
        refusal = null;
        try
        {
            return new ChatRenderer(ChatTemplate.Parse(File.ReadAllText(path)), SpecialTokens);
        }
        catch (ChatTemplateException error)
        {
            refusal = error.Message;
            return null;
        }
    }

    /// <summary>Null where the result is as expected, else the first difference.</summary>
    private static string? Compare(ChatRenderer renderer, JsonElement conversation, JsonElement expected)
    {
        bool mustFail = expected.TryGetProperty("error", out JsonElement error);
        string text;
        try
        {
            text = Render(renderer, conversation);
        }
        catch (Exception refusal) when (refusal is ChatTemplateException or RequestRejectedException)
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

    private static string Render(ChatRenderer renderer, JsonElement conversation)
    {
        ImmutableDictionary<string, JsonElement> variables = conversation.TryGetProperty("kwargs", out JsonElement given) && given.ValueKind == JsonValueKind.Object
            ? given.EnumerateObject().ToImmutableDictionary(p => p.Name, p => p.Value)
            : ImmutableDictionary<string, JsonElement>.Empty;
        bool continues = variables.TryGetValue("continue_final_message", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        var options = new ChatRenderOptions
        {
            AddGenerationPrompt = !conversation.TryGetProperty("add_generation_prompt", out JsonElement add) || add.ValueKind == JsonValueKind.True,
            ContinueFinalMessage = continues,
            Variables = variables.Remove("continue_final_message"),
        };
        return string.Concat(renderer
            .Render(ConversationJson.Values(conversation.GetProperty("messages")), ConversationJson.Tools(conversation), options)
            .Select(segment => segment.Text));
    }

    private static string Shown(string text, int at)
    {
        int start = Math.Max(0, at - ShownContext);
        int end = Math.Min(text.Length, at + ShownContext);
        return JsonSerializer.Serialize(text[start..end]);
    }
}
