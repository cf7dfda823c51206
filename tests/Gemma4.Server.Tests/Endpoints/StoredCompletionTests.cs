using System.Text.Json;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Chat completions with <c>"store": true</c>.</summary>
public sealed class StoredCompletionTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_is_kept_is_read_listed_by_its_metadata_updated_and_deleted()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello."));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement first = await CreateAsync(client, """ "store":true,"metadata":{"topic":"a","n":"1"} """);
        JsonElement second = await CreateAsync(client, """ "store":true,"metadata":{"topic":"b"} """);
        await CreateAsync(client, """ "metadata":{"topic":"a"} """);
        Assert.Equal(first.GetRawText(), await client.GetStringAsync($"/v1/chat/completions/{Id(first)}", Cancelled));
        Assert.Equal([Id(first), Id(second)], await IdsAsync(client, ""));
        Assert.Equal([Id(second), Id(first)], await IdsAsync(client, "?order=desc"));
        Assert.Equal([Id(second)], await IdsAsync(client, $"?after={Id(first)}"));
        Assert.Equal([Id(first)], await IdsAsync(client, "?metadata[topic]=a"));
        Assert.Equal([Id(first)], await IdsAsync(client, "?metadata[topic]=a&metadata[n]=1&model=gemma-4-demo"));
        Assert.Empty(await IdsAsync(client, "?metadata[topic]=b&metadata[n]=1"));
        Assert.Empty(await IdsAsync(client, "?model=other"));
        using HttpResponseMessage updated = await ServerUnderTest.PostAsync(client, $"/v1/chat/completions/{Id(second)}", """{"metadata":{"topic":"c"}}""");
        Assert.Equal("c", (await ServerUnderTest.JsonAsync(updated)).GetProperty("metadata").GetProperty("topic").GetString());
        Assert.Equal([Id(second)], await IdsAsync(client, "?metadata[topic]=c"));
        Assert.Empty(await IdsAsync(client, "?metadata[topic]=b"));
        using HttpResponseMessage deleted = await client.DeleteAsync($"/v1/chat/completions/{Id(first)}", Cancelled);
        Assert.Equal("chat.completion.deleted", (await ServerUnderTest.JsonAsync(deleted)).GetProperty("object").GetString());
        using HttpResponseMessage gone = await client.GetAsync($"/v1/chat/completions/{Id(first)}", Cancelled);
        Assert.Equal(404, (int)gone.StatusCode);
        Assert.Equal([Id(second)], await IdsAsync(client, ""));
    }

    [Fact]
    public async Task Its_messages_are_listed_as_they_were_sent()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello."));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", """
            {"model":"gemma-4-demo","store":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]}]}
            """);
        string id = Id(await ServerUnderTest.JsonAsync(answer));
        JsonElement list = JsonElement.Parse(await client.GetStringAsync($"/v1/chat/completions/{id}/messages", Cancelled));
        JsonElement[] messages = [.. list.GetProperty("data").EnumerateArray()];
        Assert.Equal([$"{id}-0", $"{id}-1"], messages.Select(Id));
        Assert.Equal(("Be brief.", JsonValueKind.Null), (messages[0].GetProperty("content").GetString(), messages[0].GetProperty("content_parts").ValueKind));
        Assert.Equal((JsonValueKind.Null, "Hi"), (messages[1].GetProperty("content").ValueKind, messages[1].GetProperty("content_parts")[0].GetProperty("text").GetString()));
        JsonElement page = JsonElement.Parse(await client.GetStringAsync($"/v1/chat/completions/{id}/messages?limit=1&after={id}-0", Cancelled));
        Assert.Equal($"{id}-1", Assert.Single(page.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_streamed_one_is_kept_before_its_stream_ends()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello there."));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage stream = await ServerUnderTest.PostAsync(
            client, "/v1/chat/completions", """{"model":"gemma-4-demo","store":true,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""");
        JsonElement[] chunks = Sse.Frames(await stream.Content.ReadAsStringAsync(Cancelled), true);
        JsonElement kept = JsonElement.Parse(await client.GetStringAsync($"/v1/chat/completions/{Id(chunks[0])}", Cancelled));
        Assert.Equal("Hello there.", kept.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.True(kept.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Another_caller_does_not_see_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:ApiKeys:0", "mine"), ("Server:ApiKeys:1", "theirs")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "mine");
        string id = Id(await CreateAsync(client, """ "store":true """));
        client.DefaultRequestHeaders.Authorization = new("Bearer", "theirs");
        Assert.Empty(await IdsAsync(client, ""));
        Assert.Empty(await IdsAsync(client, $"?after={id}"));
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
        {
            using var request = new HttpRequestMessage(method, $"/v1/chat/completions/{id}");
            using HttpResponseMessage refused = await client.SendAsync(request, Cancelled);
            Assert.Equal(404, (int)refused.StatusCode);
        }
        using HttpResponseMessage messages = await client.GetAsync($"/v1/chat/completions/{id}/messages", Cancelled);
        Assert.Equal(404, (int)messages.StatusCode);
    }

    [Fact]
    public async Task A_server_that_keeps_nothing_says_so()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Storage:MaxEntries", "0"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage chat = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", """{"model":"gemma-4-demo","store":true,"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Contains("not kept", chat.Headers.Warning.ToString(), StringComparison.Ordinal);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi"}""");
        Assert.Contains("not kept", response.Headers.Warning.ToString(), StringComparison.Ordinal);
        Assert.False((await ServerUnderTest.JsonAsync(response)).GetProperty("store").GetBoolean());
    }

    private static async Task<JsonElement> CreateAsync(HttpClient client, string fields)
    {
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(
            client, "/v1/chat/completions", $$"""{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],{{fields}}}""");
        Assert.Equal(200, (int)answer.StatusCode);
        return await ServerUnderTest.JsonAsync(answer);
    }

    private static async Task<string[]> IdsAsync(HttpClient client, string query) =>
        [.. JsonElement.Parse(await client.GetStringAsync($"/v1/chat/completions{query}", Cancelled)).GetProperty("data").EnumerateArray().Select(Id)];

    private static string Id(JsonElement json) => json.GetProperty("id").GetString()!;
}
