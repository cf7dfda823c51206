using System.Net;
using System.Text.Json;
using Gemma4.Engine;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class ModelEndpointsTests
{
    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models?limit=1&after=x")]
    [InlineData("/models")]
    public async Task The_list_has_every_served_id(string path)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Model:ServedNames:0", "google/gemma-4"), ("Model:ServedNames:1", "gpt-4o"));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement list = await ServerUnderTest.JsonAsync(await client.GetAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal("list", list.GetProperty("object").GetString());
        Assert.Equal(["google/gemma-4", "gpt-4o"], list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()!));
        JsonElement card = list.GetProperty("data")[0];
        Assert.Equal(("model", 8192), (card.GetProperty("object").GetString(), card.GetProperty("max_model_len").GetInt32()));
        Assert.True(card.GetProperty("created").TryGetInt64(out _));
    }

    [Theory]
    [InlineData("/v1/models/google/gemma-4")]
    [InlineData("/v1/models/google%2Fgemma-4")]
    public async Task An_id_with_a_slash_is_found_escaped_and_plain(string path)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Model:ServedNames:0", "google/gemma-4"));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement card = await ServerUnderTest.JsonAsync(await client.GetAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal("google/gemma-4", card.GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_demo_model_has_its_own_name()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models/gemma-4-demo", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("", "a b c", false)]
    [InlineData("?limit=2", "a b", true)]
    [InlineData("?limit=2&after_id=a", "b c", false)]
    [InlineData("?limit=1&after_id=a", "b", true)]
    [InlineData("?limit=1&before_id=c", "b", true)]
    [InlineData("?limit=2&before_id=c", "a b", false)]
    [InlineData("?before_id=b", "a", false)]
    [InlineData("?after_id=c", "", false)]
    public async Task A_client_of_Anthropics_API_gets_pages_in_its_shape(string query, string ids, bool hasMore)
    {
        await using var server = new ServerUnderTest(
            FakeEngine.Saying(), ("Model:ServedNames:0", "a"), ("Model:ServedNames:1", "b"), ("Model:ServedNames:2", "c"));
        using HttpClient client = await AnthropicAsync(server);
        JsonElement page = await ServerUnderTest.JsonAsync(await client.GetAsync("/v1/models" + query, TestContext.Current.CancellationToken));
        Assert.Equal(["data", "has_more", "first_id", "last_id"], page.EnumerateObject().Select(p => p.Name));
        string?[] data = [.. page.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString())];
        Assert.Equal((ids, hasMore), (string.Join(' ', data), page.GetProperty("has_more").GetBoolean()));
        Assert.Equal((data.FirstOrDefault(), data.LastOrDefault()), (page.GetProperty("first_id").GetString(), page.GetProperty("last_id").GetString()));
    }

    [Fact]
    public async Task A_client_of_Anthropics_API_gets_a_model_in_its_shape()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await AnthropicAsync(server);
        JsonElement model = await ServerUnderTest.JsonAsync(await client.GetAsync("/v1/models/gemma-4-demo", TestContext.Current.CancellationToken));
        Assert.Equal(["created_at", "display_name", "id", "type"], model.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(("model", "gemma-4-demo"), (model.GetProperty("type").GetString(), model.GetProperty("display_name").GetString()));
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", model.GetProperty("created_at").GetString());
    }

    [Theory]
    [InlineData("/v1/models?limit=0", 400, "limit: ")]
    [InlineData("/v1/models?limit=1001", 400, "limit: ")]
    [InlineData("/v1/models?limit=many", 400, "limit: ")]
    [InlineData("/v1/models?after_id=other", 400, "after_id: ")]
    [InlineData("/v1/models?after_id=gemma-4-demo&before_id=gemma-4-demo", 400, "before_id: ")]
    [InlineData("/v1/models/other", 404, "model: The model 'other' does not exist. This server serves 'gemma-4-demo'.")]
    public async Task A_client_of_Anthropics_API_gets_errors_in_its_shape(string path, int status, string message)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await AnthropicAsync(server);
        using HttpResponseMessage response = await client.GetAsync(path, TestContext.Current.CancellationToken);
        JsonElement json = await ServerUnderTest.JsonAsync(response);
        Assert.Equal((status, "error"), ((int)response.StatusCode, json.GetProperty("type").GetString()));
        Assert.StartsWith(message, json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<HttpClient> AnthropicAsync(ServerUnderTest server)
    {
        HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        return client;
    }
}
