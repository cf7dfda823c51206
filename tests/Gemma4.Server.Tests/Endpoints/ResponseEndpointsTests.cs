using System.Net;
using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class ResponseEndpointsTests
{
    private const string Tools = """
        "tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]
        """;

    private const string Call = "<|tool_call>call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>";

    [Fact]
    public async Task A_response_has_all_that_clients_require()
    {
        JsonElement response = await CreateAsync(Script.Saying("Hello."), """ "input":"Hi","metadata":{"a":"b"},"instructions":"Be brief." """);
        Assert.Matches("^resp_[a-zA-Z0-9]{24}$", response.GetProperty("id").GetString());
        Assert.Equal(("response", "completed"), (response.GetProperty("object").GetString(), response.GetProperty("status").GetString()));
        Assert.Equal(JsonValueKind.Null, response.GetProperty("error").ValueKind);
        Assert.Equal(JsonValueKind.Null, response.GetProperty("incomplete_details").ValueKind);
        Assert.Equal("Be brief.", response.GetProperty("instructions").GetString());
        Assert.Equal("b", response.GetProperty("metadata").GetProperty("a").GetString());
        Assert.Equal("""{"format":{"type":"text"}}""", response.GetProperty("text").GetRawText());
        Assert.Equal("\"auto\"", response.GetProperty("tool_choice").GetRawText());
        JsonElement message = Assert.Single(response.GetProperty("output").EnumerateArray());
        Assert.Equal(("message", "assistant", "completed"), (Text(message, "type"), Text(message, "role"), Text(message, "status")));
        Assert.Equal("""[{"type":"output_text","text":"Hello.","annotations":[],"logprobs":[]}]""", message.GetProperty("content").GetRawText());
        JsonElement usage = response.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("input_tokens").GetInt32() + usage.GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task Thought_text_and_call_are_an_item_each()
    {
        JsonElement response = await CreateAsync(
            Script.Saying($"<|channel>thought\nHm.\n<channel|>Let me see.{Call}"), $$""" "input":"Hi","reasoning":{"effort":"high"},{{Tools}} """);
        JsonElement[] output = [.. response.GetProperty("output").EnumerateArray()];
        Assert.Equal(["reasoning", "message", "function_call"], output.Select(o => Text(o, "type")));
        Assert.Equal("""[{"type":"reasoning_text","text":"Hm.\n"}]""", output[0].GetProperty("content").GetRawText());
        Assert.Equal("[]", output[0].GetProperty("summary").GetRawText());
        Assert.Equal(("weather", """{"city":"Oslo"}""", "completed"), (Text(output[2], "name"), Text(output[2], "arguments"), Text(output[2], "status")));
        Assert.Matches("^call_", Text(output[2], "call_id"));
        JsonElement tool = response.GetProperty("tools")[0];
        Assert.Equal(JsonValueKind.Null, tool.GetProperty("strict").ValueKind);
        Assert.True(response.GetProperty("usage").GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task An_answer_cut_at_the_limit_is_incomplete()
    {
        JsonElement response = await CreateAsync(Script.Cut("One two"), """ "input":"Count","max_output_tokens":16 """);
        Assert.Equal("incomplete", Text(response, "status"));
        Assert.Equal("max_output_tokens", Text(response.GetProperty("incomplete_details"), "reason"));
        Assert.Equal("incomplete", Text(response.GetProperty("output")[0], "status"));
        JsonElement call = (await CreateAsync(Script.Cut("<|tool_call>call:weather{city:<|\"|>Os"), $$""" "input":"Hi",{{Tools}} """)).GetProperty("output")[0];
        Assert.Equal(("function_call", "incomplete", """{"city":"Os"""), (Text(call, "type"), Text(call, "status"), Text(call, "arguments")));
    }

    [Fact]
    public async Task Items_become_the_turns_that_the_template_writes()
    {
        FakeEngine engine = Script.Saying("Cold.");
        await CreateAsync(engine, $$"""
            "instructions":"Be brief.","input":[
              {"role":"user","content":[{"type":"input_text","text":"Weather?"}]},
              {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Ask."}]},
              {"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Oslo\"}"},
              {"type":"function_call_output","call_id":"call_1","output":"-3 C"}],{{Tools}}
            """);
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.Contains("Be brief.", prompt);
        Assert.Contains("<|turn>user\nWeather?<turn|>\n<|turn>model\n<|channel>thought\nAsk.\n<channel|><|tool_call>call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>", prompt);
        Assert.Contains("response:weather{value:<|\"|>-3 C<|\"|>}", prompt);
    }

    [Fact]
    public async Task A_response_is_kept_gone_on_from_listed_and_deleted()
    {
        FakeEngine engine = Script.Saying("Blue.");
        await using var server = new ServerUnderTest(engine);
        HttpClient client = await server.ReadyClientAsync();
        JsonElement first = await CreateAsync(client, """ "input":"My colour is blue.","instructions":"Once only." """);
        string id = Text(first, "id");
        JsonElement second = await CreateAsync(client, $$""" "input":"Which?","previous_response_id":"{{id}}" """);
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan());
        Assert.Contains("My colour is blue.<turn|>\n<|turn>model\nBlue.<turn|>\n<|turn>user\nWhich?<turn|>", prompt);
        Assert.DoesNotContain("Once only.", prompt);

        Assert.Equal(first.GetRawText(), (await GetAsync(client, id)).GetRawText());
        JsonElement items = await GetAsync(client, $"{Text(second, "id")}/input_items");
        Assert.Equal("""[{"type":"input_text","text":"Which?"}]""", Assert.Single(items.GetProperty("data").EnumerateArray()).GetProperty("content").GetRawText());
        Assert.Equal(items.GetProperty("first_id").GetString(), Text(items.GetProperty("data")[0], "id"));
        Assert.False(items.GetProperty("has_more").GetBoolean());

        HttpResponseMessage cancel = await client.PostAsync($"/v1/responses/{id}/cancel", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, cancel.StatusCode);
        HttpResponseMessage deleted = await client.DeleteAsync($"/v1/responses/{id}", TestContext.Current.CancellationToken);
        Assert.Equal($$"""{"id":"{{id}}","object":"response","deleted":true}""", (await ServerUnderTest.JsonAsync(deleted)).GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/v1/responses/{id}", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_response_that_is_not_to_be_kept_is_not()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        JsonElement response = await CreateAsync(client, """ "input":"Hi","store":false """);
        Assert.False(response.GetProperty("store").GetBoolean());
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/v1/responses/{Text(response, "id")}", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Generated_items_may_be_given_back_or_referred_to()
    {
        FakeEngine engine = Script.Saying(Call);
        await using var server = new ServerUnderTest(engine);
        HttpClient client = await server.ReadyClientAsync();
        JsonElement first = await CreateAsync(client, $$""" "input":"Weather?",{{Tools}} """);
        JsonElement call = first.GetProperty("output")[0];
        string output = $$"""{"type":"function_call_output","call_id":"{{Text(call, "call_id")}}","output":"-3 C"}""";
        await CreateAsync(client, "\"input\":[" + call.GetRawText() + "," + output + "]");
        await CreateAsync(client, $$""" "input":[{"type":"item_reference","id":"{{Text(call, "id")}}"},{{output}}] """);
        string[] prompts = [.. engine.Requests.Skip(1).Select(r => ServerUnderTest.Tokenizer.Decode(r.PromptTokenIds.AsSpan()))];
        Assert.Equal(prompts[0], prompts[1]);
        Assert.Contains("call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|><|tool_response>response:weather{value:<|\"|>-3 C<|\"|>}", prompts[0]);
    }

    [Fact]
    public async Task Log_probabilities_are_reported_when_they_are_included()
    {
        JsonElement response = await CreateAsync(
            Script.WithLogprobs("Hi", ("Hi", -0.5f)), """ "input":"Hi","include":["message.output_text.logprobs"],"top_logprobs":1 """);
        JsonElement logprobs = response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("logprobs");
        Assert.Equal(-0.5, logprobs[0].GetProperty("logprob").GetDouble());
        Assert.Equal(1, logprobs[0].GetProperty("top_logprobs").GetArrayLength());
    }

    [Fact]
    public async Task Automatic_truncation_drops_the_oldest_turns()
    {
        FakeEngine engine = Script.Saying("x");
        string old = string.Concat(Enumerable.Repeat("word ", 9000));
        string input = $$""" "input":[{"role":"system","content":"Sys."},{"role":"user","content":"{{old}}"},{"role":"assistant","content":"Ok"},{"role":"user","content":"New"}] """;
        await CreateAsync(engine, input + ",\"truncation\":\"auto\"");
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.Contains("Sys.", prompt);
        Assert.Contains("New", prompt);
        Assert.DoesNotContain("word", prompt);
        await AssertFaultAsync(input, 400, "context_length_exceeded", "input");
    }

    [Fact]
    public async Task Input_tokens_are_counted_without_generating()
    {
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine);
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage counted = await ServerUnderTest.PostAsync(client, "/v1/responses/input_tokens", """{"model":"gemma-4-demo","input":"Hi"}""");
        JsonElement count = await ServerUnderTest.JsonAsync(counted);
        Assert.Empty(engine.Requests);
        await CreateAsync(client, "\"input\":\"Hi\"");
        Assert.Equal(Assert.Single(engine.Requests).PromptTokenIds.Length, count.GetProperty("input_tokens").GetInt32());
        Assert.Equal("response.input_tokens", Text(count, "object"));
    }

    [Theory]
    [InlineData(""" "max_output_tokens":32 """, "missing_required_parameter", "input")]
    [InlineData(""" "input":[] """, "empty_array", "input")]
    [InlineData(""" "input":5 """, "invalid_type", "input")]
    [InlineData(""" "input":[{"type":"banana"}] """, "invalid_value", "input[0].type")]
    [InlineData(""" "input":[{"role":"tool","content":"x"}] """, "invalid_value", "input[0].role")]
    [InlineData(""" "input":[{"role":"user"}] """, "missing_required_parameter", "input[0].content")]
    [InlineData(""" "input":[{"role":"assistant","content":[{"type":"input_text","text":"x"}]}] """, "invalid_value", "input[0].content[0].type")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}] """, "file_not_found", "input[0].content[0].file_id")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_file","file_url":"https://a.example"}]}] """, "unsupported_parameter", "input[0].content[0].file_url")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_file"}]}] """, "invalid_parameter_combination", "input[0].content[0]")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_file","file_data":"AAEC/w=="}]}] """, "unsupported_value", "input[0].content[0].file_data")]
    [InlineData(""" "input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}] """, null, "input")]
    [InlineData(""" "input":[{"type":"function_call_output","call_id":"c","output":"{}"}] """, null, "input")]
    [InlineData(""" "input":[{"type":"item_reference","id":"msg_no"}] """, null, "input")]
    [InlineData(""" "input":"x","max_output_tokens":15 """, "integer_below_min_value", "max_output_tokens")]
    [InlineData(""" "input":"x","temperature":3 """, "decimal_above_max_value", "temperature")]
    [InlineData(""" "input":"x","response_format":{"type":"text"} """, "unsupported_parameter", "response_format")]
    [InlineData(""" "input":"x","conversation":5 """, "invalid_type", "conversation")]
    [InlineData(""" "input":"x","conversation":{} """, "missing_required_parameter", "conversation.id")]
    [InlineData(""" "input":"x","conversation":"c","previous_response_id":"resp_no" """, "mutually_exclusive_parameters", "conversation")]
    [InlineData(""" "input":"x","n":2 """, "unsupported_parameter", "n")]
    [InlineData(""" "input":"x","previous_response_id":"resp_no" """, "previous_response_not_found", "previous_response_id")]
    [InlineData(""" "input":"x","tools":[{"type":"function"}] """, "missing_required_parameter", "tools[0].name")]
    [InlineData(""" "input":"x","reasoning":{"effort":"extreme"} """, "invalid_value", "reasoning.effort")]
    [InlineData(""" "input":"x","truncation":"maybe" """, "invalid_value", "truncation")]
    [InlineData(""" "input":"x","service_tier":"bogus" """, "invalid_value", "service_tier")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_schema","name":"x"}} """, "missing_required_parameter", "text.format.schema")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_schema","name":"x","strict":true,"schema":{"type":"object","properties":{"a":{}},"required":["a"]}}} """, "invalid_json_schema", "text.format.schema")]
    public Task A_bad_request_is_refused_naming_the_field(string fields, string? code, string param) => AssertFaultAsync(fields, 400, code, param);

    private static async Task AssertFaultAsync(string fields, int status, string? code, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((status, code, param), ((int)response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal("invalid_request_error", Text(error, "type"));
    }

    private static async Task<JsonElement> CreateAsync(FakeEngine engine, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        return await CreateAsync(await server.ReadyClientAsync(), fields);
    }

    private static async Task<JsonElement> CreateAsync(HttpClient client, string fields)
    {
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement json = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, json.GetRawText());
        return json;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonElement.Parse(await client.GetStringAsync($"/v1/responses/{path}", TestContext.Current.CancellationToken));

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
