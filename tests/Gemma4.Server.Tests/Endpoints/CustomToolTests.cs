using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Tools that take free text, in chats and in responses.</summary>
public sealed class CustomToolTests
{
    private const string Call = "<|tool_call>call:shell{input:<|\"|>echo \"a\\b\"\n😀\tdone<|\"|>}<tool_call|>";
    private const string Input = "echo \"a\\b\"\n😀\tdone";

    private const string ChatTools = """
        "messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"custom","custom":{"name":"shell","description":"Runs"}},{"type":"function","function":{"name":"f"}}]
        """;

    private const string ResponseTools = """
        "input":"Hi","tools":[{"type":"custom","name":"shell","description":"Runs"},{"type":"function","name":"f"}]
        """;

    [Fact]
    public async Task A_chat_gives_the_text_as_it_is()
    {
        JsonElement choice = (await JsonAsync(Script.Saying(Call), "/v1/chat/completions", ChatTools)).GetProperty("choices")[0];
        JsonElement call = choice.GetProperty("message").GetProperty("tool_calls")[0];
        Assert.Equal(("tool_calls", "custom", "shell", Input), (
            choice.GetProperty("finish_reason").GetString(), call.GetProperty("type").GetString(),
            call.GetProperty("custom").GetProperty("name").GetString(), call.GetProperty("custom").GetProperty("input").GetString()));
        Assert.False(call.TryGetProperty("function", out _));
    }

    [Fact]
    public async Task A_streamed_chat_gives_the_text_in_pieces_and_names_the_call_once()
    {
        JsonElement[] deltas =
        [
            .. Sse.Frames(await TextAsync(Script.Saying(Call), "/v1/chat/completions", "\"stream\":true," + ChatTools), isDone: true)
                .Select(f => f.GetProperty("choices")[0].GetProperty("delta")).Where(d => d.TryGetProperty("tool_calls", out _)).Select(d => d.GetProperty("tool_calls")[0]),
        ];
        Assert.Equal(Input, string.Concat(deltas.Select(d => d.GetProperty("custom").GetProperty("input").GetString())));
        Assert.True(deltas.Length >= 2);
        Assert.Equal("shell", deltas[0].GetProperty("custom").GetProperty("name").GetString());
        Assert.Equal("custom", deltas[0].GetProperty("type").GetString());
        Assert.All(deltas[1..], d => Assert.False(d.TryGetProperty("id", out _) || d.TryGetProperty("type", out _) || d.GetProperty("custom").TryGetProperty("name", out _)));
    }

    [Fact]
    public async Task A_response_gives_an_item_of_its_own()
    {
        JsonElement item = (await JsonAsync(Script.Saying(Call), "/v1/responses", ResponseTools)).GetProperty("output")[0];
        Assert.Equal(("custom_tool_call", "shell", Input, "completed"), (Text(item, "type"), Text(item, "name"), Text(item, "input"), Text(item, "status")));
        Assert.StartsWith("ctc_", Text(item, "id"), StringComparison.Ordinal);
        Assert.False(item.TryGetProperty("arguments", out _));
    }

    [Fact]
    public async Task A_streamed_response_has_the_events_of_custom_calls()
    {
        JsonElement[] events = Sse.NamedFrames(await TextAsync(Script.Saying(Call), "/v1/responses", "\"stream\":true," + ResponseTools));
        string[] types = [.. events.Select(e => Text(e, "type")).Where(t => t.Contains("custom", StringComparison.Ordinal)).Distinct()];
        Assert.Equal(["response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"], types);
        Assert.Equal(Input, string.Concat(events.Where(e => Text(e, "type") == types[0]).Select(e => Text(e, "delta"))));
        Assert.Equal(Input, Text(events.Single(e => Text(e, "type") == types[1]), "input"));
        Assert.Equal("", Text(events.First(e => Text(e, "type") == "response.output_item.added").GetProperty("item"), "input"));
    }

    [Fact]
    public async Task A_call_that_is_cut_is_incomplete()
    {
        JsonElement response = await JsonAsync(Script.Cut("<|tool_call>call:shell{input:<|\"|>echo"), "/v1/responses", "\"stream\":false," + ResponseTools);
        Assert.Equal("incomplete", Text(response.GetProperty("output")[0], "status"));
    }

    [Theory]
    [InlineData("/v1/chat/completions", """
        "messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"shell","input":"say \"x\""}}]},
        {"role":"tool","tool_call_id":"c","content":"x"}]
        """)]
    [InlineData("/v1/responses", """
        "input":[{"role":"user","content":"Hi"},{"type":"custom_tool_call","call_id":"c","name":"shell","input":"say \"x\""},{"type":"custom_tool_call_output","call_id":"c","output":"x"}]
        """)]
    public async Task Calls_go_back_to_the_model_as_it_wrote_them(string path, string fields)
    {
        FakeEngine engine = Script.Saying("Done.");
        await JsonAsync(engine, path, fields);
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Single().PromptTokenIds.AsSpan());
        Assert.Contains("<|tool_call>call:shell{input:<|\"|>say \"x\"<|\"|>}<tool_call|>", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", ""","tool_choice":{"type":"custom","custom":{"name":"shell"}}""")]
    [InlineData("/v1/chat/completions", ""","tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"custom","custom":{"name":"shell"}}]}}""")]
    [InlineData("/v1/responses", ""","tool_choice":{"type":"custom","name":"shell"}""")]
    [InlineData("/v1/responses", ""","tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"custom","name":"shell"},{"type":"web_search"}]}""")]
    public async Task A_custom_tool_can_be_chosen(string path, string choice)
    {
        FakeEngine engine = Script.Saying(Call);
        await JsonAsync(engine, path, (path.EndsWith("responses", StringComparison.Ordinal) ? ResponseTools : ChatTools) + choice);
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Single().PromptTokenIds.AsSpan());
        Assert.Contains("declaration:shell", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("declaration:f{", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"type":"custom","custom":{"name":"s","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}""", "tools[0].custom.format.grammar.definition", "line 1, column 8")]
    [InlineData("/v1/chat/completions", """{"type":"custom","custom":{"name":"s","format":{"type":"grammar"}}}""", "tools[0].custom.format.grammar", "Missing")]
    [InlineData("/v1/chat/completions", """{"type":"custom"}""", "tools[0].custom", "Missing")]
    [InlineData("/v1/responses", """{"type":"custom","name":"s","format":{"type":"grammar","syntax":"regex","definition":"(?<=a)b"}}""", "tools[0].format.definition", "grammar for tool 's'")]
    [InlineData("/v1/responses", """{"type":"custom","name":"s","format":{"type":"grammar","syntax":"lark"}}""", "tools[0].format.definition", "Missing")]
    [InlineData("/v1/responses", """{"type":"custom"}""", "tools[0].name", "Missing")]
    public async Task A_format_that_cannot_be_enforced_is_refused(string path, string tool, string param, string words)
    {
        string conversation = path.EndsWith("responses", StringComparison.Ordinal) ? "\"input\":\"Hi\"" : "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
        JsonElement error = (await JsonAsync(Script.Saying("x"), path, $"{conversation},\"tools\":[{tool}]", 400)).GetProperty("error");
        Assert.Equal(param, Text(error, "param"));
        Assert.Contains(words, Text(error, "message"), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> JsonAsync(FakeEngine engine, string path, string fields, int status = 200) => JsonElement.Parse(await TextAsync(engine, path, fields, status));

    private static async Task<string> TextAsync(FakeEngine engine, string path, string fields, int status = 200)
    {
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, $"{{\"model\":\"{ServerUnderTest.Model}\",{fields}}}");
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, text);
        return text;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
