using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class MessageEndpointsTests
{
    private const string Hi = """ "max_tokens":64,"messages":[{"role":"user","content":"Hi"}] """;

    private const string Tools = """
        "tools":[{"name":"weather","description":"Weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]
        """;

    private const string Call = "<|tool_call>call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>";

    [Fact]
    public async Task A_message_has_all_that_clients_require()
    {
        JsonElement message = await CreateAsync(Script.Saying("Hello."), Hi);
        Assert.Matches("^msg_[a-zA-Z0-9]{24}$", Text(message, "id"));
        Assert.Equal(("message", "assistant", "gemma-4-demo", "end_turn"), (Text(message, "type"), Text(message, "role"), Text(message, "model"), Text(message, "stop_reason")));
        Assert.Equal(JsonValueKind.Null, message.GetProperty("stop_sequence").ValueKind);
        Assert.Equal("""[{"type":"text","text":"Hello."}]""", message.GetProperty("content").GetRawText());
        Assert.Equal(
            ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
            message.GetProperty("usage").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Thought_text_and_call_are_a_block_each()
    {
        JsonElement message = await CreateAsync(
            Script.Saying($"<|channel>thought\nHm.\n<channel|>Let me see.{Call}"), $$"""{{Hi}},"thinking":{"type":"enabled","budget_tokens":1024},{{Tools}}""");
        JsonElement[] content = [.. message.GetProperty("content").EnumerateArray()];
        Assert.Equal(["thinking", "text", "tool_use"], content.Select(b => Text(b, "type")));
        Assert.Equal("Hm.\n", Text(content[0], "thinking"));
        Assert.NotEmpty(Text(content[0], "signature"));
        Assert.Equal("""{"city":"Oslo"}""", content[2].GetProperty("input").GetRawText());
        Assert.StartsWith("toolu_", Text(content[2], "id"));
        Assert.Equal("tool_use", Text(message, "stop_reason"));
    }

    [Fact]
    public async Task The_reason_tells_why_the_message_ended()
    {
        Assert.Equal("max_tokens", Text(await CreateAsync(Script.Cut("One"), Hi), "stop_reason"));
        JsonElement cut = await CreateAsync(Script.Cut("<|tool_call>call:weather{city:<|\"|>Os"), $"{Hi},{Tools}");
        Assert.Equal(("max_tokens", 0), (Text(cut, "stop_reason"), cut.GetProperty("content").GetArrayLength()));
        JsonElement stopped = await CreateAsync(Script.Saying("One two three"), Hi + ",\"stop_sequences\":[\" two\"]");
        Assert.Equal(("stop_sequence", " two"), (Text(stopped, "stop_reason"), Text(stopped, "stop_sequence")));
        Assert.Equal("One", Text(stopped.GetProperty("content")[0], "text"));
    }

    [Fact]
    public async Task Blocks_become_the_turns_that_the_template_writes()
    {
        FakeEngine engine = Script.Saying("Cold.");
        await CreateAsync(engine, Tools + """
            ,"max_tokens":64,"system":[{"type":"text","text":"Be brief."}],"messages":[
              {"role":"user","content":[{"type":"text","text":"Weather?"}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"Ask.","signature":"s"},{"type":"text","text":"Let me see."},
                {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Oslo"}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"-3 C"}]},{"type":"text","text":"And?"}]}]
            """);
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.Contains("Be brief.", prompt);
        Assert.Contains("call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>", prompt);
        Assert.Contains("response:weather{value:<|\"|>-3 C<|\"|>}", prompt);
        Assert.Contains("<|turn>user\nAnd?<turn|>", prompt);
    }

    [Fact]
    public async Task The_answer_goes_on_with_a_last_message_of_the_assistant()
    {
        FakeEngine engine = Script.Saying(" is Paris.");
        await CreateAsync(engine, """ "max_tokens":64,"messages":[{"role":"user","content":"Capital?"},{"role":"assistant","content":"The capital"}] """);
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.EndsWith("The capital", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sampling_fields_reach_the_engine()
    {
        FakeEngine engine = Script.Saying("x");
        await CreateAsync(engine, Hi + ",\"temperature\":0.5,\"top_p\":0.25,\"top_k\":7");
        GenerationRequest request = Assert.Single(engine.Requests);
        Assert.Equal((0.5f, 0.25f, 7, 64), (request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK, request.MaxTokens!.Value));
    }

    [Fact]
    public async Task Events_come_named_and_in_the_order_clients_need()
    {
        JsonElement[] events = await StreamAsync(Script.Saying($"<|channel>thought\nHm.<channel|>Hi{Call}"), $"{Hi},{Tools}");
        string[] types = [.. events.Select(e => Text(e, "type"))];
        string[] block = ["content_block_start", "content_block_delta", "content_block_stop"];
        Assert.Equal(["message_start", .. block, .. block, .. block, "message_delta", "message_stop"], types.Where((t, i) => i == 0 || types[i - 1] != t));
        JsonElement[] deltas = [.. events.Where(e => Text(e, "type") == "content_block_delta")];
        Assert.Equal("""{"city":"Oslo"}""", Joined(deltas, "partial_json"));
        Assert.Equal(("Hm.", "Hi"), (Joined(deltas, "thinking"), Joined(deltas, "text")));
        Assert.Equal([0, 1, 2], events.Where(e => Text(e, "type") == "content_block_start").Select(e => e.GetProperty("index").GetInt32()));
        Assert.Equal("{}", events.Last(e => Text(e, "type") == "content_block_start").GetProperty("content_block").GetProperty("input").GetRawText());
        Assert.Equal("""{"stop_reason":"tool_use","stop_sequence":null}""", events[^2].GetProperty("delta").GetRawText());
        Assert.True(events[^2].GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
        Assert.True(events[0].GetProperty("message").GetProperty("usage").GetProperty("input_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Tokens_are_counted_without_generating()
    {
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine);
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage counted = await ServerUnderTest.PostAsync(
            client, "/v1/messages/count_tokens", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]}""");
        int count = (await ServerUnderTest.JsonAsync(counted)).GetProperty("input_tokens").GetInt32();
        Assert.Empty(engine.Requests);
        await ServerUnderTest.PostAsync(client, "/v1/messages", "{\"model\":\"gemma-4-demo\"," + Hi + "}");
        Assert.Equal(Assert.Single(engine.Requests).PromptTokenIds.Length, count);
    }

    [Theory]
    [InlineData(""" "messages":[{"role":"user","content":"Hi"}] """, "max_tokens")]
    [InlineData(""" "max_tokens":64 """, "messages")]
    [InlineData(""" "max_tokens":64,"messages":[] """, "messages")]
    [InlineData(""" "max_tokens":64,"messages":[{"role":"robot","content":"Hi"}] """, "messages[0].role")]
    [InlineData(""" "max_tokens":64,"messages":[{"role":"user","content":[{"type":"document"}]}] """, "messages[0].content[0].source")]
    [InlineData(""" "max_tokens":64,"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}] """, "messages[0].content[0].type")]
    [InlineData(""" "max_tokens":64,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}] """, "messages[0].content[0]")]
    [InlineData(""" "max_tokens":64,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":"b"}] """, "messages")]
    [InlineData(Hi + ",\"temperature\":1.5", "temperature")]
    [InlineData(Hi + ",\"stop_sequences\":[\" \"]", "stop_sequences[0]")]
    [InlineData(Hi + ",\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "tools[0].type")]
    [InlineData(Hi + ",\"tool_choice\":{\"type\":\"any\"}", "tool_choice")]
    [InlineData(Hi + ",\"mcp_servers\":[]", "mcp_servers")]
    public async Task A_bad_request_is_refused_in_that_apis_shape(string fields, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/messages", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement json = await ServerUnderTest.JsonAsync(response);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(("error", "invalid_request_error"), (Text(json, "type"), Text(json.GetProperty("error"), "type")));
        Assert.StartsWith(param + ": ", Text(json.GetProperty("error"), "message"), StringComparison.Ordinal);
        Assert.NotEmpty(Text(json, "request_id"));
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/messages/count_tokens")]
    public async Task A_thread_is_refused_with_the_code_at_which_the_SDK_sends_all_messages(string path)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, path, "{\"model\":\"gemma-4-demo\",\"thread\":{\"type\":\"create\"}," + Hi + "}");
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((400, "invalid_request_error"), ((int)response.StatusCode, Text(error, "type")));
        Assert.Equal("thread_unsupported_request", Text(error.GetProperty("details"), "error_code"));
    }

    [Fact]
    public async Task A_line_that_changes_every_turn_does_not_change_the_prompt()
    {
        FakeEngine engine = Script.Saying("x");
        foreach (string line in new[] { "cch=1a2b;", "cch=3c4d5e;" })
            await CreateAsync(engine, Hi + $$""","system":[{"type":"text","text":"x-anthropic-billing-header: {{line}}"},{"type":"text","text":"Be brief."}]""");
        Assert.Equal(engine.Requests.First().PromptTokenIds, engine.Requests.Last().PromptTokenIds);
    }

    [Fact]
    public async Task What_a_message_may_have_can_be_counted()
    {
        const string Everything = Tools + """
            ,"max_tokens":64,"system":[{"type":"text","text":"x-anthropic-billing-header: a"},{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],
            "thinking":{"type":"adaptive"},"tool_choice":{"type":"auto"},"metadata":{"user_id":"u"},"temperature":1,"stop_sequences":["END"],
            "output_config":{"effort":"high"},"context_management":{"edits":[]},"messages":[
              {"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"One."}},{"type":"text","text":"Weather?"}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"Ask.","signature":"s"},{"type":"tool_use","id":"t","name":"weather","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"Cold","is_error":true}]},{"role":"system","content":"Now in French."}]
            """;
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine);
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage made = await ServerUnderTest.PostAsync(client, "/v1/messages", "{\"model\":\"gemma-4-demo\"," + Everything + "}");
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        HttpResponseMessage counted = await ServerUnderTest.PostAsync(client, "/v1/messages/count_tokens", "{\"model\":\"gemma-4-demo\"," + Everything + "}");
        Assert.Equal(Assert.Single(engine.Requests).PromptTokenIds.Length, (await ServerUnderTest.JsonAsync(counted)).GetProperty("input_tokens").GetInt32());
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/messages", "{\"model\":\"other\"," + Hi + "}");
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal("not_found_error", Text((await ServerUnderTest.JsonAsync(response)).GetProperty("error"), "type"));
    }

    private static string Joined(JsonElement[] deltas, string field) => string.Concat(
        deltas.Select(d => d.GetProperty("delta").TryGetProperty(field, out JsonElement piece) ? piece.GetString() : ""));

    private static async Task<JsonElement> CreateAsync(FakeEngine engine, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        HttpResponseMessage response = await ServerUnderTest.PostAsync(
            await server.ReadyClientAsync(), "/v1/messages", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement json = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, json.GetRawText());
        return json;
    }

    private static async Task<JsonElement[]> StreamAsync(FakeEngine engine, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        HttpResponseMessage response = await ServerUnderTest.PostAsync(
            await server.ReadyClientAsync(), "/v1/messages", "{\"model\":\"gemma-4-demo\",\"stream\":true," + fields + "}");
        return Sse.NamedFrames(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
