using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>What clients send in place of nothing, and answers of other servers that they give back.</summary>
public sealed class ToleranceTests
{
    private const string User = """{"role":"user","content":"Hi"}""";

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "],\"tools\":[]")]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "],\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":true")]
    [InlineData("/v1/responses", "\"input\":\"Hi\",\"tools\":[],\"tool_choice\":\"auto\"")]
    [InlineData("/v1/messages", "\"max_tokens\":64,\"messages\":[" + User + "],\"tools\":[],\"tool_choice\":{\"type\":\"auto\"}")]
    [InlineData("/tokenize", "\"messages\":[" + User + "],\"tools\":[]")]
    public async Task An_empty_list_of_tools_is_no_tools(string path, string fields) => await PostAsync(Script.Saying("x"), path, fields);

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "],\"max_tokens\":-1")]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "],\"max_completion_tokens\":-1")]
    [InlineData("/v1/completions", "\"prompt\":\"Hi\",\"max_tokens\":-1")]
    public async Task A_limit_of_minus_one_is_no_limit(string path, string fields)
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, path, fields);
        GenerationRequest request = Assert.Single(engine.Requests);
        Assert.Equal(8192, request.PromptTokenIds.Length + request.MaxTokens);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "]")]
    [InlineData("/v1/completions", "\"prompt\":\"Hi\"")]
    [InlineData("/v1/responses", "\"input\":\"Hi\"")]
    public async Task A_user_that_is_an_object_is_ignored_with_a_warning(string path, string fields)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        await PostAsync(server, path, fields + ",\"user\":{\"id\":\"u\",\"tags\":[1,null]}");
        Assert.Contains("Warning: The field user is ignored: it is an object, not a string", server.Log.OfRequests);
    }

    [Theory]
    [InlineData("_Main_g_Weather_0_0")]
    [InlineData("weather.today")]
    [InlineData("__init__")]
    public async Task Names_that_frameworks_make_come_back_as_they_were_sent(string name)
    {
        FakeEngine engine = Script.Saying($"<|tool_call>call:{name}{{}}<tool_call|>");
        Assert.Contains($"\"name\":\"{name}\"", await PostAsync(
            engine, "/v1/chat/completions", $"\"messages\":[{User}],\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"{name}\"}}}}]"), StringComparison.Ordinal);
        Assert.Contains($"\"name\":\"{name}\",\"arguments\"", await PostAsync(
            engine, "/v1/responses", $"\"input\":\"Hi\",\"tools\":[{{\"type\":\"function\",\"name\":\"{name}\"}}]"), StringComparison.Ordinal);
        Assert.Contains($"\"name\":\"{name}\"", await PostAsync(
            engine, "/v1/messages", $"\"max_tokens\":64,\"messages\":[{User}],\"tools\":[{{\"name\":\"{name}\",\"input_schema\":{{\"type\":\"object\"}}}}]"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[" + User + "]")]
    [InlineData("/v1/responses", "\"input\":\"Hi\"")]
    [InlineData("/v1/messages", "\"max_tokens\":64,\"messages\":[" + User + "]")]
    [InlineData("/api/chat", "\"stream\":false,\"messages\":[" + User + "]")]
    public async Task A_server_that_is_told_so_takes_any_name_of_its_model(string path, string fields)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Model:AnyName", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, $"{{\"model\":\"gpt-5\",{fields}}}");
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains("\"model\":\"gpt-5\"", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":null,"refusal":"I will not."}""", "I will not.")]
    [InlineData("""{"role":"assistant","content":null,"refusal":null}""", "")]
    [InlineData("""{"role":"assistant","content":[],"refusal":null,"tool_calls":[]}""", "")]
    [InlineData("""{"role":"assistant","content":"Hello.","refusal":null,"tool_calls":null,"function_call":null,"audio":null,"annotations":[],"reasoning":null,"reasoning_content":null,"name":null}""", "Hello.")]
    [InlineData("""{"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[]}""", "")]
    [InlineData("""{"role":"assistant","reasoning":"Hm."}""", "")]
    public async Task An_answer_with_null_and_empty_fields_can_be_given_back(string answer, string text)
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, "/v1/chat/completions", $"\"messages\":[{User},{answer},{User}]");
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.Contains($"<|turn>model\n{text}<turn|>\n<|turn>user\nHi<turn|>", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_with_its_place_in_the_stream_can_be_given_back()
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, "/v1/chat/completions", "\"messages\":[" + User + """
            ,{"role":"assistant","content":null,"refusal":null,"audio":null,"function_call":null,
              "tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]},
            {"role":"tool","tool_call_id":"c","content":"1"}]
            """);
        string prompt = ServerUnderTest.Tokenizer.Decode(Assert.Single(engine.Requests).PromptTokenIds.AsSpan());
        Assert.Contains("call:f{}<tool_call|>", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/messages")]
    [InlineData("/tokenize")]
    public async Task An_unknown_model_is_answered_with_those_that_are_served(string path)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Model:ServedNames:0", "gemma"), ("Model:ServedNames:1", "gpt-4o"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, "{\"model\":\"other\"}");
        string message = (await ServerUnderTest.JsonAsync(response)).GetProperty("error").GetProperty("message").GetString()!;
        Assert.EndsWith(" This server serves 'gemma' and 'gpt-4o'.", message, StringComparison.Ordinal);
    }

    private static async Task<string> PostAsync(FakeEngine engine, string path, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        return await PostAsync(server, path, fields);
    }

    private static async Task<string> PostAsync(ServerUnderTest server, string path, string fields)
    {
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, "{\"model\":\"gemma-4-demo\"," + fields + "}");
        string answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, answer);
        return answer;
    }
}
