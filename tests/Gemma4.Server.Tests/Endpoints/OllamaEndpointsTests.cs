using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Ollama's API.</summary>
public sealed class OllamaEndpointsTests
{
    private const string Tools = """
        "tools":[{"type":"function","function":{"name":"weather","description":"Tells","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]
        """;

    private const string Call = "<|tool_call>call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>";

    [Fact]
    public async Task A_chat_is_lines_of_json_that_end_with_what_it_cost()
    {
        using HttpResponseMessage response = await PostAsync(Script.Saying("One two three."), "/api/chat", Hi());
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        JsonElement[] lines = await LinesAsync(response);
        Assert.Equal("One two three.", string.Concat(lines.Select(l => l.GetProperty("message").GetProperty("content").GetString())));
        Assert.All(lines, l => Assert.Equal("assistant", l.GetProperty("message").GetProperty("role").GetString()));
        Assert.All(lines, l => Assert.Equal(ServerUnderTest.Model, l.GetProperty("model").GetString()));
        Assert.All(lines[..^1], l => Assert.False(l.GetProperty("done").GetBoolean()));
        JsonElement last = lines[^1];
        Assert.Equal((true, "stop"), (last.GetProperty("done").GetBoolean(), last.GetProperty("done_reason").GetString()));
        Assert.True(last.GetProperty("prompt_eval_count").GetInt32() > 0);
        Assert.True(last.GetProperty("eval_count").GetInt32() > 0);
        Assert.True(last.GetProperty("total_duration").GetInt64() >= last.GetProperty("eval_duration").GetInt64());
        Assert.True(last.GetProperty("created_at").TryGetDateTimeOffset(out _));
    }

    [Fact]
    public async Task Thought_text_and_calls_have_a_field_each()
    {
        string said = $"<|channel>thought\nHm.<channel|>Let me see.{Call}";
        JsonElement whole = (await JsonAsync(Script.Saying(said), "/api/chat", Hi($"\"stream\":false,\"think\":true,{Tools}"))).GetProperty("message");
        Assert.Equal(("Let me see.", "Hm."), (whole.GetProperty("content").GetString(), whole.GetProperty("thinking").GetString()));
        JsonElement function = whole.GetProperty("tool_calls")[0].GetProperty("function");
        Assert.Equal(("weather", """{"city":"Oslo"}"""), (function.GetProperty("name").GetString(), function.GetProperty("arguments").GetRawText()));
        JsonElement[] lines = await LinesAsync(await PostAsync(Script.Saying(said), "/api/chat", Hi($"\"think\":\"high\",{Tools}")));
        Assert.Equal("Hm.", string.Concat(lines.Select(l => Optional(l.GetProperty("message"), "thinking"))));
        JsonElement call = Assert.Single(lines, l => l.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal(function.GetRawText(), call.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetRawText());
    }

    [Fact]
    public async Task A_call_that_is_cut_is_not_given()
    {
        JsonElement answer = await JsonAsync(Script.Cut("Well.<|tool_call>call:weather{city:<|\"|>Os"), "/api/chat", Hi($"\"stream\":false,{Tools}"));
        Assert.Equal("length", answer.GetProperty("done_reason").GetString());
        Assert.False(answer.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal("Well.", answer.GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("""{"role":"tool","tool_name":"weather","content":"cold"}""")]
    [InlineData("""{"role":"tool","content":"cold"}""")]
    [InlineData("""{"role":"tool","tool_call_id":"c1","content":"cold"}""")]
    public async Task Results_answer_the_call_that_they_mean(string result)
    {
        FakeEngine engine = Script.Saying("Cold.");
        await JsonAsync(engine, "/api/chat", $"\"stream\":false,{Tools}," + """
            "messages":[{"role":"user","content":"Weather?"},
            {"role":"assistant","content":"","thinking":"Ask.","tool_calls":[{"id":"c1","function":{"index":0,"name":"weather","arguments":{"city":"Oslo"}}}]},
            """ + result + "]");
        string prompt = Prompt(engine);
        Assert.Contains(Call, prompt, StringComparison.Ordinal);
        Assert.Contains("response:weather{value:<|\"|>cold<|\"|>}", prompt, StringComparison.Ordinal);
        Assert.Contains("thought\nAsk.", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_are_seen_before_their_text()
    {
        FakeEngine engine = Script.Saying("Grey.");
        string image = Convert.ToBase64String(TestMedia.Read("thumb.png"));
        await JsonAsync(engine, "/api/chat", $$"""
            "stream":false,"messages":[{"role":"user","content":"What?","images":["{{image}}"]}]
            """);
        await JsonAsync(engine, "/api/generate", $"\"stream\":false,\"prompt\":\"What?\",\"images\":[\"data:image/png;base64,{image}\"]");
        Assert.All(engine.Requests, r => Assert.Single(r.Media));
        Assert.All(engine.Requests, r => Assert.EndsWith("What?", ServerUnderTest.Tokenizer.Decode(r.PromptTokenIds.AsSpan()).Split("<turn|>")[0], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Options_are_the_samplings()
    {
        FakeEngine engine = Script.Saying("x");
        await JsonAsync(engine, "/api/chat", Hi("""
            "stream":false,"keep_alive":"5m","options":{"temperature":0.5,"top_p":0.8,"top_k":7,"min_p":0.1,"seed":3,"stop":["END"],"repeat_penalty":1.1,"num_predict":5,
            "num_ctx":4096,"mirostat":0,"num_gpu":1}
            """));
        GenerationRequest request = engine.Requests.Single();
        Assert.Equal((0.5f, 0.8f, 7, 0.1f, 3ul, 1.1f), (
            request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK, request.Sampling.MinP, request.Sampling.Seed!.Value, request.Sampling.RepetitionPenalty));
        Assert.Equal(5, request.MaxTokens);
    }

    [Theory]
    [InlineData("\"json\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""")]
    public async Task A_format_is_enforced(string format)
    {
        FakeEngine engine = Script.Saying("{\"a\":1}");
        await JsonAsync(engine, "/api/chat", Hi($"\"stream\":false,\"format\":{format}"));
        Assert.NotNull(engine.Requests.Single().Constraint);
    }

    [Fact]
    public async Task A_prompt_is_answered_with_or_without_the_template()
    {
        FakeEngine engine = Script.Saying("Paris.");
        JsonElement answer = await JsonAsync(engine, "/api/generate", "\"stream\":false,\"prompt\":\"Capital?\",\"system\":\"Be brief.\"");
        Assert.Equal("Paris.", answer.GetProperty("response").GetString());
        Assert.Contains("Be brief.<turn|>\n<|turn>user\nCapital?<turn|>", Prompt(engine), StringComparison.Ordinal);
        JsonElement[] lines = await LinesAsync(await PostAsync(engine = Script.Saying("Paris."), "/api/generate", "\"prompt\":\"<|turn>user\\nHi\",\"raw\":true"));
        Assert.Equal("Paris.", string.Concat(lines.Select(l => l.GetProperty("response").GetString())));
        Assert.Equal("<bos><|turn>user\nHi", Prompt(engine));
        Assert.Equal(ServerUnderTest.Tokenizer.Special.TurnStart, engine.Requests.Single().PromptTokenIds[1]);
    }

    [Theory]
    [InlineData("/api/chat", "\"messages\":[]")]
    [InlineData("/api/generate", "\"keep_alive\":-1")]
    public async Task Who_asks_nothing_hears_that_the_model_is_loaded(string path, string fields)
    {
        JsonElement answer = await JsonAsync(Script.Saying("x"), path, fields);
        Assert.Equal((true, "load"), (answer.GetProperty("done").GetBoolean(), answer.GetProperty("done_reason").GetString()));
    }

    [Fact]
    public async Task The_model_is_described_as_clients_look_for_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement tag = (await GetAsync(client, "/api/tags")).GetProperty("models")[0];
        Assert.Equal((ServerUnderTest.Model, ServerUnderTest.Model), (tag.GetProperty("name").GetString(), tag.GetProperty("model").GetString()));
        Assert.Matches("^[0-9a-f]{64}$", tag.GetProperty("digest").GetString());
        Assert.Equal(8192, (await GetAsync(client, "/api/ps")).GetProperty("models")[0].GetProperty("context_length").GetInt32());
        Assert.Matches(@"^\d+\.\d+\.\d+$", (await GetAsync(client, "/api/version")).GetProperty("version").GetString());
        JsonElement show = await ServerUnderTest.JsonAsync(await ServerUnderTest.PostAsync(client, "/api/show", $"{{\"name\":\"{ServerUnderTest.Model}:latest\"}}"));
        Assert.Equal(["completion", "tools", "thinking", "vision", "audio"], show.GetProperty("capabilities").EnumerateArray().Select(c => c.GetString()));
        string architecture = show.GetProperty("model_info").GetProperty("general.architecture").GetString()!;
        Assert.Equal(8192, show.GetProperty("model_info").GetProperty($"{architecture}.context_length").GetInt32());
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"other","messages":[{"role":"user","content":"Hi"}]}""", 404, "model 'other' not found")]
    [InlineData("/api/show", """{"model":"other"}""", 404, "model 'other' not found")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"Hi"}]}""", 400, "model is required")]
    [InlineData("/api/generate", """{"model":"gemma-4-demo","prompt":"x","suffix":"y"}""", 400, "'suffix'")]
    [InlineData("/api/chat", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"format":"yaml"}""", 400, "json")]
    [InlineData("/api/chat", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"think":3}""", 400, "'think'")]
    [InlineData("/api/chat", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"options":{"temperature":"hot"}}""", 400, "options.temperature")]
    [InlineData("/api/embed", "{}", 400, "does not make embeddings")]
    [InlineData("/api/pull", "{}", 400, "does not manage models")]
    [InlineData("/api/chat", "{", 400, "JSON")]
    public async Task Refusals_have_its_shape(string path, string body, int status, string words)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, body);
        Assert.Equal(status, (int)response.StatusCode);
        JsonElement error = await ServerUnderTest.JsonAsync(response);
        Assert.Equal(["error"], error.EnumerateObject().Select(p => p.Name));
        Assert.Contains(words, error.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", null, 200)]
    [InlineData("application/x-www-form-urlencoded", "http://localhost:8000", 400)]
    [InlineData("text/plain", null, 400)]
    public async Task What_curl_sends_unasked_is_taken_but_not_from_a_page(string contentType, string? origin, int status)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        if (origin is not null)
            client.DefaultRequestHeaders.Add("Origin", origin);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/api/chat", $"{{\"model\":\"{ServerUnderTest.Model}\",{Hi()}}}", contentType);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_failure_within_a_stream_is_its_last_line()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ServerUnderTest(new FakeEngine((_, _) => Failing(begun.Task)));
        server.UseKestrel();
        using HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat")
        {
            Content = new StringContent($"{{\"model\":\"{ServerUnderTest.Model}\",{Hi()}}}", System.Text.Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        string? last = null;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                begun.TrySetResult();
                last = line;
            }
        });
        Assert.Equal("""{"error":"a step failed"}""", last);
    }

    private static async IAsyncEnumerable<TokenEvent> Failing(Task mayFail)
    {
        foreach (int id in ServerUnderTest.Tokenizer.EncodeText("Hello there"))
            yield return new TokenEvent { SequenceIndex = 0, TokenId = id };
        await mayFail;
        yield return new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Error, Error = "a step failed" };
    }

    private static string Hi(string? more = null) => "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + (more is null ? "" : "," + more);

    private static string Prompt(FakeEngine engine) => ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan());

    private static string? Optional(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonElement.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken));

    private static async Task<JsonElement> JsonAsync(FakeEngine engine, string path, string fields)
    {
        using HttpResponseMessage response = await PostAsync(engine, path, fields);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return await ServerUnderTest.JsonAsync(response);
    }

    private static async Task<JsonElement[]> LinesAsync(HttpResponseMessage response) =>
        [.. (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l))];

    private static async Task<HttpResponseMessage> PostAsync(FakeEngine engine, string path, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, $"{{\"model\":\"{ServerUnderTest.Model}\",{fields}}}");
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return response;
    }
}
