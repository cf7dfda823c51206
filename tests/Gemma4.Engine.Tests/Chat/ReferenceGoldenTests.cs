using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;
using Gemma4.Engine.Tokenization;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Chat;

/// <summary>The goldens that come with the published templates.</summary>
public sealed class ReferenceGoldenTests
{
    private static readonly string[] Known =
        ["name", "template", "bos_token", "messages", "tools", "add_generation_prompt", "output", "error", "ids"];

    [Fact]
    public void Templates_render_the_reference_conversations()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryPaths.RequireShared("reference/golden/chat_template.json")));
        string templates = RepositoryPaths.RequireShared("reference/chat_templates");
        Assert.All(golden.RootElement.EnumerateArray(), row =>
        {
            ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(templates, row.GetProperty("template").GetString()!)));
            if (row.TryGetProperty("output", out JsonElement output))
                Assert.Equal(output.GetString(), template.RenderNow(Input(row)).Chars);
            else
                Assert.Throws<ChatTemplateException>(() => template.RenderNow(Input(row)));
        });
    }

    [Fact]
    public void Conversations_of_other_servers_render_as_the_official_template_has_them()
    {
        string lines = RepositoryPaths.RequireShared("reference/parsing/render.jsonl");
        string templates = RepositoryPaths.RequireShared("reference/chat_templates");
        Dictionary<string, ChatRenderer> renderers = ((string[])["large", "small"]).ToDictionary(family => family, family => new ChatRenderer(
            ChatTemplate.Parse(File.ReadAllText(Path.Combine(templates, $"official-v5-2026-07-15-{family}.jinja"))),
            new Dictionary<string, string> { ["bos_token"] = "<bos>" }));
        string[] cases = [.. File.ReadLines(lines).Where(line => line.Length > 0)];
        Assert.Equal(80, cases.Length);
        Assert.All(cases, line =>
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            RenderedPrompt prompt = renderers[row.GetProperty("model_family").GetString()!].RenderNow(
                ConversationJson.Messages(row.GetProperty("messages")),
                ConversationJson.Tools(row),
                new ChatRenderOptions { EnableThinking = row.GetProperty("thinking").GetBoolean() });
            Assert.Equal(row.GetProperty("expect_prompt").GetString(), prompt.Text);
        });
    }

    [Fact]
    public void Prompts_have_the_ids_of_the_reference()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryPaths.RequireShared("reference/golden/chat_template.json")));
        string templates = RepositoryPaths.RequireShared("reference/chat_templates");
        var tokenizer = new PromptTokenizer(Tokenizer.Load(RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz")));
        JsonElement[] rows = [.. golden.RootElement.EnumerateArray().Where(row => row.TryGetProperty("ids", out _))];
        Assert.NotEmpty(rows);
        int compared = 0;
        foreach (JsonElement row in rows)
        {
            string source = File.ReadAllText(Path.Combine(templates, row.GetProperty("template").GetString()!));
            // The reference encodes text that spells markers as the markers; here such text is data.
            if (row.GetProperty("messages").GetRawText().Contains("<|", StringComparison.Ordinal))
                continue;
            Text text = ChatTemplate.Parse(source).RenderNow(Input(row));
            ImmutableArray<PromptSegment> segments = [.. text.Runs(0, text.Length).Select(run => new PromptSegment(
                text.Chars.Substring(run.Start, run.Length), run.Provenance == Engine.Chat.Jinja.Provenance.Template))];
            if (segments.Any(segment => segment.Text.Contains("<|image|>", StringComparison.Ordinal)))
                continue; // its placeholders expand
            int[] expected = [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Tokenize(new RenderedPrompt(segments, []), []).TokenIds);
            compared++;
        }
        Assert.InRange(compared, 20, rows.Length);
    }

    private static TemplateInput Input(JsonElement row) => new(
        [.. row.GetProperty("messages").EnumerateArray().Select(JsonValues.Convert)],
        row.GetProperty("tools") is { ValueKind: JsonValueKind.Array } tools ? [.. tools.EnumerateArray().Select(JsonValues.Convert)] : null,
        row.GetProperty("add_generation_prompt").GetBoolean(),
        ContinueFinalMessage: false,
        [
            new("bos_token", Text.Template(row.GetProperty("bos_token").GetString()!)),
            .. row.EnumerateObject().Where(p => !Known.Contains(p.Name))
                .Select(p => new KeyValuePair<string, Value>(p.Name, JsonValues.Convert(p.Value))),
        ]);
}
