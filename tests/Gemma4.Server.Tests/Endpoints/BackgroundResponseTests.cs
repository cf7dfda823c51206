using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Responses that are made while their client does something else.</summary>
public sealed class BackgroundResponseTests
{
    [Fact]
    public async Task It_is_queued_at_once_and_can_be_asked_for_until_it_is_complete()
    {
        var go = new TaskCompletionSource();
        await using var server = new ServerUnderTest(Script.Gated("Hello there.", (_, _) => go.Task));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement queued = await CreateAsync(client);
        Assert.Equal(("queued", true), (Text(queued, "status"), queued.GetProperty("background").GetBoolean()));
        Assert.Contains(Text(await GetAsync(client, queued), "status"), (string[])["queued", "in_progress"]);
        go.SetResult();
        JsonElement done = await EndOfAsync(client, queued);
        Assert.Equal("completed", Text(done, "status"));
        Assert.Equal("Hello there.", Text(done.GetProperty("output")[0].GetProperty("content")[0], "text"));
        Assert.True(done.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_conversation_goes_on_from_it_once_it_is_complete()
    {
        var go = new TaskCompletionSource();
        FakeEngine engine = Script.Gated("Blue.", (_, _) => go.Task);
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement queued = await CreateAsync(client);
        string next = $$"""{"model":"gemma-4-demo","input":"Why?","previous_response_id":"{{Text(queued, "id")}}"}""";
        using HttpResponseMessage early = await ServerUnderTest.PostAsync(client, "/v1/responses", next);
        Assert.Equal(400, (int)early.StatusCode);
        Assert.Contains("still being made", await early.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        go.SetResult();
        await EndOfAsync(client, queued);
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, "/v1/responses", next);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains("Blue.", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_the_work_and_keeps_what_was_made()
    {
        FakeEngine engine = Script.Endless("Once upon a time");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement queued = await CreateAsync(client);
        await StatusAsync(client, queued, "in_progress");
        JsonElement cancelled = await CancelAsync(client, queued);
        Assert.Equal("cancelled", Text(cancelled, "status"));
        Assert.Equal(0, engine.NumRunning);
        Assert.Equal("cancelled", Text(await GetAsync(client, queued), "status"));
        Assert.Equal("cancelled", Text(await CancelAsync(client, queued), "status"));
    }

    [Fact]
    public async Task Forgetting_ends_the_work()
    {
        FakeEngine engine = Script.Endless("Once");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement queued = await CreateAsync(client);
        using HttpResponseMessage gone = await client.DeleteAsync($"/v1/responses/{Text(queued, "id")}", TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)gone.StatusCode);
        Assert.Equal(0, engine.NumRunning);
        using HttpResponseMessage none = await client.GetAsync($"/v1/responses/{Text(queued, "id")}", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)none.StatusCode);
    }

    [Fact]
    public async Task Its_events_can_be_read_from_any_place_while_it_is_made_and_after()
    {
        await using var server = new ServerUnderTest(Script.Saying("One two three four."));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage stream = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","background":true,"stream":true}""");
        JsonElement[] events = Sse.NamedFrames(await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["response.created", "response.queued", "response.in_progress"], events[..3].Select(e => Text(e, "type")));
        Assert.Equal("response.completed", Text(events[^1], "type"));
        string id = Text(events[0].GetProperty("response"), "id");
        string rest = await client.GetStringAsync($"/v1/responses/{id}?stream=true&starting_after=4", TestContext.Current.CancellationToken);
        Assert.Equal(events[5..].Select(e => e.GetRawText()), Sse.NamedFrames(rest).Select(e => e.GetRawText()));
    }

    [Fact]
    public async Task A_client_that_leaves_the_stream_does_not_end_the_work()
    {
        var go = new TaskCompletionSource();
        await using var server = new ServerUnderTest(Script.Gated("Still here.", (i, _) => i < 2 ? Task.CompletedTask : go.Task));
        using HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
        {
            Content = new StringContent("""{"model":"gemma-4-demo","input":"Hi","background":true,"stream":true}""", System.Text.Encoding.UTF8, "application/json"),
        };
        string id;
        using (HttpResponseMessage stream = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        using (var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)))
        {
            await reader.ReadLineAsync(TestContext.Current.CancellationToken);
            id = Text(JsonElement.Parse((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!["data: ".Length..]).GetProperty("response"), "id");
        }
        go.SetResult();
        JsonElement done = await EndOfAsync(client, JsonElement.Parse($$"""{"id":"{{id}}"}"""));
        Assert.Equal("completed", Text(done, "status"));
    }

    [Fact]
    public async Task A_failure_is_told_to_who_asks()
    {
        await using var server = new ServerUnderTest(new FakeEngine((_, _) => Failing()));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement done = await EndOfAsync(client, await CreateAsync(client));
        Assert.Equal(("failed", "a step failed"), (Text(done, "status"), Text(done.GetProperty("error"), "message")));
    }

    [Fact]
    public async Task Another_caller_neither_sees_nor_cancels_it()
    {
        await using var server = new ServerUnderTest(Script.Endless("x"), ("Server:ApiKeys:0", "mine"), ("Server:ApiKeys:1", "theirs"));
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "mine");
        JsonElement queued = await CreateAsync(client);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "theirs");
        using HttpResponseMessage refused = await client.PostAsync($"/v1/responses/{Text(queued, "id")}/cancel", null, TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)refused.StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "mine");
        await CancelAsync(client, queued);
    }

    [Fact]
    public async Task One_that_is_not_kept_is_refused()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage refused = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","background":true,"store":false}""");
        Assert.Equal("background", Text((await ServerUnderTest.JsonAsync(refused)).GetProperty("error"), "param"));
    }

    private static async IAsyncEnumerable<Engine.Requests.TokenEvent> Failing()
    {
        await Task.Yield();
        yield return new Engine.Requests.TokenEvent { SequenceIndex = 0, FinishReason = Engine.Requests.FinishReason.Error, Error = "a step failed" };
    }

    private static async Task<JsonElement> CreateAsync(HttpClient client)
    {
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","background":true}""");
        Assert.Equal(200, (int)response.StatusCode);
        return await ServerUnderTest.JsonAsync(response);
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, JsonElement response) =>
        JsonElement.Parse(await client.GetStringAsync($"/v1/responses/{Text(response, "id")}", TestContext.Current.CancellationToken));

    private static async Task<JsonElement> CancelAsync(HttpClient client, JsonElement response)
    {
        using HttpResponseMessage answer = await client.PostAsync($"/v1/responses/{Text(response, "id")}/cancel", null, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        return await ServerUnderTest.JsonAsync(answer);
    }

    private static Task<JsonElement> EndOfAsync(HttpClient client, JsonElement response) => StatusAsync(client, response, "completed", "incomplete", "failed", "cancelled");

    private static async Task<JsonElement> StatusAsync(HttpClient client, JsonElement response, params string[] awaited)
    {
        JsonElement now = await GetAsync(client, response);
        for (int i = 0; i < 500 && !awaited.Contains(Text(now, "status")); i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            now = await GetAsync(client, response);
        }
        Assert.Contains(Text(now, "status"), awaited);
        return now;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
