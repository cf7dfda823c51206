using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Chat;

public sealed class ChatRendererTests
{
    private static readonly Dictionary<string, string> Tokens = new() { ["bos_token"] = "<bos>" };

    [Fact]
    public void Template_sees_what_the_reference_passes()
    {
        ChatRenderer renderer = Renderer(
            "{{ bos_token }}{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}{{ enable_thinking is defined }}" +
            "{% for m in messages %}{{ m | tojson }}{% endfor %}");
        ImmutableArray<ChatMessage> messages =
        [
            new() { Role = "user", Parts = [new ContentPart.Text("a"), new ContentPart.Media(MediaKind.Image, 5)] },
            new() { Role = "assistant", Reasoning = "why", ToolCalls = [new("c1", "f", "{\"x\": 1.0, \"n\": 12345678901234567890}")] },
            new() { Role = "tool", ToolCallId = "c1", Name = "f", Content = "ok" },
        ];
        var refusal = Assert.Throws<RequestRejectedException>(() => renderer.RenderNow(messages));
        Assert.Contains("no place for a part of kind 'image'", refusal.Message, StringComparison.Ordinal);

        messages = messages.SetItem(0, new ChatMessage { Role = "user", Content = "a" });
        Assert.Equal(
            "<bos>TrueTrueTrueFalse" +
            "{\"role\": \"user\", \"content\": \"a\"}" +
            "{\"role\": \"assistant\", \"content\": null, \"reasoning\": \"why\", \"reasoning_content\": \"why\", \"tool_calls\": [{\"id\": \"c1\", " +
            "\"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": {\"x\": 1.0, \"n\": 12345678901234567890}}}]}" +
            "{\"role\": \"tool\", \"content\": \"ok\", \"tool_call_id\": \"c1\", \"name\": \"f\"}",
            renderer.RenderNow(messages).Text);
    }

    [Fact]
    public void Tool_is_passed_as_the_request_declares_it()
    {
        ChatRenderer renderer = Renderer("{{ tools | tojson }}");
        using JsonDocument schema = JsonDocument.Parse("{\"type\": \"object\", \"properties\": {\"z\": {}, \"a\": {\"minimum\": 1}}}");
        string text = renderer.RenderNow([], [new("f", "does", schema.RootElement), new("g", null, null)]).Text;
        Assert.Equal(
            "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"does\", \"parameters\": " +
            "{\"type\": \"object\", \"properties\": {\"z\": {}, \"a\": {\"minimum\": 1}}}}}, {\"type\": \"function\", \"function\": {\"name\": \"g\"}}]",
            text);
    }

    [Theory]
    [InlineData("{\"a\": 1}", "{\"a\": 1}")]
    [InlineData("", "{}")]
    [InlineData("  ", "{}")]
    [InlineData("null", "{}")]
    [InlineData("{\"a\": 1", "{\"arguments\": \"{\\\"a\\\": 1\"}")]
    [InlineData("[1, 2]", "{\"arguments\": [1, 2]}")]
    [InlineData("\"text\"", "{\"arguments\": \"text\"}")]
    [InlineData("\"\\ud800\"", "{\"arguments\": \"\\\"\\\\ud800\\\"\"}")]
    [InlineData("call me", "{\"arguments\": \"call me\"}")]
    public void Arguments_become_an_object_whatever_they_are(string arguments, string expected)
    {
        ChatRenderer renderer = Renderer("{{ messages[0].tool_calls[0].function.arguments | tojson }}");
        Assert.Equal(expected, renderer.RenderNow([new() { Role = "assistant", ToolCalls = [new(null, "f", arguments)] }]).Text);
    }

    [Fact]
    public void Variables_replace_options_but_not_the_conversation()
    {
        ChatRenderer renderer = Renderer("{{ enable_thinking }}{{ mood }}");
        using JsonDocument json = JsonDocument.Parse("[false, \"calm\"]");
        var options = new ChatRenderOptions
        {
            EnableThinking = true,
            Variables = ImmutableDictionary<string, JsonElement>.Empty
                .Add("enable_thinking", json.RootElement[0]).Add("mood", json.RootElement[1]),
        };
        Assert.Equal("Falsecalm", renderer.RenderNow([], null, options).Text);
        foreach (string name in (string[])["messages", "tools", "bos_token", "add_generation_prompt"])
        {
            ChatRenderOptions bad = options with { Variables = options.Variables.Add(name, json.RootElement[1]) };
            Assert.Equal("chat_template_kwargs", Assert.Throws<RequestRejectedException>(() => renderer.RenderNow([], null, bad)).Param);
        }
    }

    [Fact]
    public void Refusal_of_the_template_is_a_refusal_of_the_request()
    {
        var raised = Assert.Throws<RequestRejectedException>(() => Renderer("{{ raise_exception('roles must alternate') }}").RenderNow([]));
        Assert.Equal((RejectionReason.InvalidRequest, "messages"), (raised.Reason, raised.Param));
        Assert.Equal("The chat template refuses the conversation: roles must alternate", raised.Message);
        var failed = Assert.Throws<RequestRejectedException>(() => Renderer("\n{{ messages[0].content + 1 }}").RenderNow([User("a")]));
        Assert.Contains("line 2: can only concatenate str", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The answer is", "<user>a</user><assistant>The answer is")]
    [InlineData("The answer is ", "<user>a</user><assistant>The answer is")]
    [InlineData("CONTINUE_FINAL_MESSAGE_TAG and", "<user>a</user><assistant>CONTINUE_FINAL_MESSAGE_TAG and")]
    public void Final_message_is_left_open(string final, string expected)
    {
        ChatRenderer renderer = Renderer(
            "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</{{ m.role }}>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
        ImmutableArray<ChatMessage> messages = [User("a"), new() { Role = "assistant", Content = final }];
        Assert.Equal(expected, renderer.RenderNow(messages, null, new ChatRenderOptions { ContinueFinalMessage = true }).Text);
    }

    [Fact]
    public void Final_message_in_parts_is_left_open_after_its_last_text()
    {
        ChatRenderer renderer = Renderer("{% for m in messages %}[{% for p in m.content %}{{ p.text }};{% endfor %}]{% endfor %}");
        ChatMessage message = new() { Role = "assistant", Parts = [new ContentPart.Text("a"), new ContentPart.Text("b ")] };
        Assert.Equal("[a;b ", renderer.RenderNow([message], null, new ChatRenderOptions { ContinueFinalMessage = true }).Text);
    }

    [Theory]
    [InlineData("{{ messages | length }}")]
    [InlineData("{{ messages[0].role }}")]
    public void Final_message_that_is_not_written_cannot_be_continued(string template) =>
        Assert.Throws<RequestRejectedException>(() =>
            Renderer(template).RenderNow([User("a")], null, new ChatRenderOptions { ContinueFinalMessage = true }));

    [Fact]
    public void Media_slots_follow_the_prompt()
    {
        ChatRenderer renderer = Renderer("{% for m in messages %}{% for p in m.content %}{{ '<|' ~ p.type ~ '|>' if p.type != 'text' else p.text }}{% endfor %}{% endfor %}");
        ChatMessage message = new()
        {
            Role = "user",
            Parts =
            [
                new ContentPart.Media(MediaKind.Image, 7), new ContentPart.Text("<|image|>"), new ContentPart.Media(MediaKind.Audio, 0),
                new ContentPart.Media(MediaKind.Image, 3), new ContentPart.Media(MediaKind.Video, 1),
            ],
        };
        RenderedPrompt prompt = renderer.RenderNow([message]);
        Assert.Equal("<|image|><|image|><|audio|><|image|><|video|>", prompt.Text);
        Assert.Equal([new(MediaKind.Image, 7), new(MediaKind.Audio, 0), new(MediaKind.Image, 3), new(MediaKind.Video, 1)], prompt.MediaSlots);
    }

    [Fact]
    public void Template_comes_from_the_tokenizer_configuration_where_it_has_no_file_of_its_own()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Assert.Throws<FileNotFoundException>(() => ChatRenderer.Load(folder));
        string config = Path.Combine(folder, "tokenizer_config.json");
        File.WriteAllText(config, """{"bos_token": {"content": "<b>"}, "eos_token": "<e>", "chat_template": "{{ bos_token ~ eos_token }}1"}""");
        Assert.Equal("<b><e>1", ChatRenderer.Load(folder).RenderNow([]).Text);
        File.WriteAllText(config, """{"chat_template": [{"name": "rag", "template": "0"}, {"name": "default", "template": "2"}]}""");
        Assert.Equal("2", ChatRenderer.Load(folder).RenderNow([]).Text);
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "3");
        Assert.Equal("3", ChatRenderer.Load(folder).RenderNow([]).Text);
        File.WriteAllText(config, "{");
        Assert.Contains("tokenizer_config.json", Assert.Throws<InvalidDataException>(() => ChatRenderer.Load(folder)).Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static ChatRenderer Renderer(string template) => new(ChatTemplate.Parse(template), Tokens);

    private static ChatMessage User(string content) => new() { Role = "user", Content = content };

    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "line 1: the template writes more than 4000000 characters in all")]
    [InlineData("{% set l = range(1000)|list %}{% for i in l %}{% for j in l %}{% for k in l %}{% endfor %}{% endfor %}{% endfor %}", "line 1: the template takes more than 5000000 steps")]
    [InlineData("{{ 'x' * 2000000 }}", "line 1: the template makes a text of more than 1000000 characters")]
    [InlineData("{% for m in messages %}", "line 1: ")]
    public void Template_that_cannot_serve_is_refused_when_it_is_loaded(string source, string expected)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-test-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, ChatTemplate.FileName), source);
            var refused = Assert.Throws<InvalidDataException>(() => ChatRenderer.Load(folder.FullName));
            Assert.StartsWith(folder.FullName, refused.Message, StringComparison.Ordinal);
            Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Template_that_refuses_the_trial_may_serve_other_conversations()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-test-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, ChatTemplate.FileName), "{{ raise_exception('no system message') if messages | length < 2 }}ok");
            Assert.NotNull(ChatRenderer.Load(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
