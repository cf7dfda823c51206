using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class ConversationEndpointsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Responses_go_on_from_a_conversation_and_are_added_to_it()
    {
        FakeEngine engine = Script.Saying("Alice.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        string id = await CreateAsync(client, """{"items":[{"role":"user","content":"My name is Alice."},{"role":"assistant","content":"Hello!"}],"metadata":{"a":"b"}}""");
        Assert.Matches("^conv_[a-zA-Z0-9]{24}$", id);
        JsonElement answer = await PostAsync(client, "/v1/responses", $$"""{"model":"gemma-4-demo","input":"Who am I?","conversation":"{{id}}"}""");
        Assert.Equal(id, Text(answer.GetProperty("conversation"), "id"));
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan());
        Assert.Contains("My name is Alice.<turn|>\n<|turn>model\nHello!<turn|>\n<|turn>user\nWho am I?", prompt, StringComparison.Ordinal);
        Assert.Equal(["My name is Alice.", "Hello!", "Who am I?", "Alice."], await TextsAsync(client, $"/v1/conversations/{id}/items?order=asc"));
        // The same by an object, streamed, and without keeping the response itself.
        using HttpResponseMessage stream = await ServerUnderTest.PostAsync(
            client, "/v1/responses", $$$"""{"model":"gemma-4-demo","input":"Sure?","conversation":{"id":"{{{id}}}"},"store":false,"stream":true}""");
        Assert.Contains("response.completed", await stream.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(["Alice.", "Sure?"], await TextsAsync(client, $"/v1/conversations/{id}/items?limit=2"));
        // From a response of the conversation one may go on as it was then.
        await PostAsync(client, "/v1/responses", $$"""{"model":"gemma-4-demo","input":"Again?","previous_response_id":"{{Text(answer, "id")}}"}""");
        prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan());
        Assert.Contains("Who am I?<turn|>\n<|turn>model\nAlice.<turn|>\n<|turn>user\nAgain?", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("Sure?", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_are_listed_added_read_and_forgotten()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await CreateAsync(client, "{}");
        JsonElement added = await PostAsync(client, $"/v1/conversations/{id}/items", """{"items":[{"role":"user","content":"one"},{"role":"user","content":"two"},{"role":"user","content":"three"}]}""");
        Assert.Equal(("list", 3, false), (Text(added, "object"), added.GetProperty("data").GetArrayLength(), added.GetProperty("has_more").GetBoolean()));
        string second = Text(added.GetProperty("data")[1], "id");
        Assert.Equal("two", Text(JsonElement.Parse(await client.GetStringAsync($"/v1/conversations/{id}/items/{second}", Cancelled)).GetProperty("content")[0], "text"));
        using HttpResponseMessage removed = await client.DeleteAsync($"/v1/conversations/{id}/items/{second}", Cancelled);
        Assert.Equal(id, Text(await ServerUnderTest.JsonAsync(removed), "id"));
        await AssertMissingAsync(await client.GetAsync($"/v1/conversations/{id}/items/{second}", Cancelled), "item_id");
        await AssertMissingAsync(await client.DeleteAsync($"/v1/conversations/{id}/items/{second}", Cancelled), "item_id");
        Assert.Equal(["three", "one"], await TextsAsync(client, $"/v1/conversations/{id}/items"));
    }

    [Fact]
    public async Task Metadata_are_replaced_and_a_deleted_conversation_is_gone()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await CreateAsync(client, """{"metadata":{"a":"b"}}""");
        JsonElement updated = await PostAsync(client, $"/v1/conversations/{id}", """{"metadata":{"c":"d"}}""");
        Assert.Equal("""{"c":"d"}""", updated.GetProperty("metadata").GetRawText());
        Assert.Equal(updated.GetRawText(), await client.GetStringAsync($"/v1/conversations/{id}", Cancelled));
        using HttpResponseMessage deleted = await client.DeleteAsync($"/v1/conversations/{id}", Cancelled);
        Assert.Equal(("conversation.deleted", true), (Text(await ServerUnderTest.JsonAsync(deleted), "object"), (await ServerUnderTest.JsonAsync(deleted)).GetProperty("deleted").GetBoolean()));
        await AssertMissingAsync(await client.GetAsync($"/v1/conversations/{id}", Cancelled), "conversation");
        await AssertMissingAsync(await client.GetAsync($"/v1/conversations/{id}/items?limit=0", Cancelled), "conversation");
        await AssertMissingAsync(await ServerUnderTest.PostAsync(client, $"/v1/conversations/{id}/items", """{"items":[{"role":"user","content":"x"}]}"""), "conversation");
        await AssertMissingAsync(await ServerUnderTest.PostAsync(client, "/v1/responses", $$"""{"model":"gemma-4-demo","input":"x","conversation":"{{id}}"}"""), "conversation");
    }

    [Fact]
    public async Task Another_caller_does_not_see_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:ApiKeys:0", "mine"), ("Server:ApiKeys:1", "theirs")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "mine");
        string id = await CreateAsync(client, """{"items":[{"role":"user","content":"secret"}]}""");
        client.DefaultRequestHeaders.Authorization = new("Bearer", "theirs");
        await AssertMissingAsync(await client.GetAsync($"/v1/conversations/{id}", Cancelled), "conversation");
        await AssertMissingAsync(await client.GetAsync($"/v1/conversations/{id}/items", Cancelled), "conversation");
        await AssertMissingAsync(await client.DeleteAsync($"/v1/conversations/{id}", Cancelled), "conversation");
        await AssertMissingAsync(await ServerUnderTest.PostAsync(client, "/v1/responses", $$"""{"model":"gemma-4-demo","input":"x","conversation":"{{id}}"}"""), "conversation");
    }

    [Theory]
    [InlineData("""{"items":[{"role":"user"}]}""", "items[0].content")]
    [InlineData("""{"items":[{"type":"banana"}]}""", "items[0].type")]
    [InlineData("""{"items":5}""", "items")]
    [InlineData("""{"metadata":{"a":5}}""", "metadata.a")]
    public async Task A_bad_request_is_refused_naming_the_field(string body, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage refused = await ServerUnderTest.PostAsync(client, "/v1/conversations", body);
        Assert.Equal((400, param), ((int)refused.StatusCode, Text((await ServerUnderTest.JsonAsync(refused)).GetProperty("error"), "param")));
    }

    private static async Task AssertMissingAsync(HttpResponseMessage answer, string param)
    {
        using (answer)
            Assert.Equal((404, param), ((int)answer.StatusCode, Text((await ServerUnderTest.JsonAsync(answer)).GetProperty("error"), "param")));
    }

    private static async Task<string> CreateAsync(HttpClient client, string body) => Text(await PostAsync(client, "/v1/conversations", body), "id");

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, string body)
    {
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, path, body);
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json;
    }

    private static async Task<string[]> TextsAsync(HttpClient client, string path) =>
        [.. JsonElement.Parse(await client.GetStringAsync(path, Cancelled)).GetProperty("data").EnumerateArray().Select(item => Text(item.GetProperty("content")[0], "text"))];

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
