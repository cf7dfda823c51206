using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>What agents ask of <c>/v1/responses</c> that only OpenAI's own servers have.</summary>
public sealed class HostedToolTests
{
    private const string Tools = """
        "tools":[{"type":"web_search"},{"type":"function","name":"f"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"g"}]},{"type":"a\r\nb"}]
        """;

    [Fact]
    public async Task Tools_of_other_types_are_left_out_with_a_warning()
    {
        FakeEngine engine = Script.Saying("Hi.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await PostAsync(client, Tools);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(
            "299 - \"tools of types that this server does not have were left out: web_search, namespace, (unknown)\"", response.Headers.GetValues("Warning").Single());
        Assert.Contains(server.Log.OfRequests, line => line.StartsWith("Warning: The field tools is ignored: ", StringComparison.Ordinal) && line.Contains("web_search", StringComparison.Ordinal));
        JsonElement tools = (await ServerUnderTest.JsonAsync(response)).GetProperty("tools");
        Assert.Equal("f", tools[0].GetProperty("name").GetString());
        Assert.Equal(1, tools.GetArrayLength());
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Single().PromptTokenIds.AsSpan());
        Assert.Contains("declaration:f{", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("declaration:n{", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}],\"tool_choice\":\"auto\"", 200)]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", 200)]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}],\"tool_choice\":\"required\"", 400)]
    [InlineData("\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\",\"name\":\"f\"}],\"tool_choice\":{\"type\":\"web_search\"}", 400)]
    public async Task A_choice_that_only_they_could_satisfy_is_refused(string fields, int status)
    {
        await using var server = new ServerUnderTest(Script.Saying("Hi."));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await PostAsync(client, fields);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_strict_server_refuses_them()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hi."), ("Api:StrictParams", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await PostAsync(client, "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"web_search\"}]");
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal(("unsupported_value", "tools[1].type"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Theory]
    [InlineData("/v1/responses/compact", "truncation")]
    [InlineData("/v1/messages/batches", "/v1/batches")]
    public async Task Apis_that_are_absent_are_refused_by_name(string path, string instead)
    {
        await using var server = new ServerUnderTest(Script.Saying("Hi."));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, "{}");
        Assert.Equal(404, (int)response.StatusCode);
        string message = (await ServerUnderTest.JsonAsync(response)).GetProperty("error").GetProperty("message").GetString()!;
        Assert.StartsWith("This server does not", message, StringComparison.Ordinal);
        Assert.Contains(instead, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_summary_that_was_asked_for_carries_the_thought()
    {
        await using var server = new ServerUnderTest(Script.Saying("<|channel>thought\nHm, well.<channel|>Hi"));
        using HttpClient client = await server.ReadyClientAsync();
        const string fields = "\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}";
        using HttpResponseMessage whole = await PostAsync(client, fields);
        JsonElement item = (await ServerUnderTest.JsonAsync(whole)).GetProperty("output")[0];
        Assert.Equal("""[{"type":"summary_text","text":"Hm, well."}]""", item.GetProperty("summary").GetRawText());
        Assert.False(item.TryGetProperty("content", out _));
        using HttpResponseMessage stream = await PostAsync(client, fields + ",\"stream\":true");
        JsonElement[] events = Sse.NamedFrames(await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        string[] types = [.. events.Select(e => e.GetProperty("type").GetString()!)];
        Assert.Equal(
            [
                "response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
            ],
            types.Where((t, i) => i == 0 || types[i - 1] != t).Skip(2).Take(6));
        Assert.Equal("Hm, well.", string.Concat(events.Where(e => e.GetProperty("type").GetString() == "response.reasoning_summary_text.delta").Select(e => e.GetProperty("delta").GetString())));
        Assert.All(events.Where(e => e.GetProperty("type").GetString()!.Contains("summary", StringComparison.Ordinal)), e => Assert.Equal(0, e.GetProperty("summary_index").GetInt32()));
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string fields) =>
        ServerUnderTest.PostAsync(client, "/v1/responses", $"{{\"model\":\"{ServerUnderTest.Model}\",\"input\":\"Hi\",{fields}}}");
}
