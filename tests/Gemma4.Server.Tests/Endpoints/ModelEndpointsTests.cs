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

    [Fact]
    public async Task Health_follows_the_model_and_the_engine()
    {
        var gate = new TaskCompletionSource();
        FakeEngine engine = FakeEngine.Saying();
        await using var server = new ServerUnderTest(engine) { MayLoad = gate.Task };
        using HttpClient client = server.CreateClient();
        Assert.Equal((503, "loading"), await HealthAsync(client, "/health"));
        Assert.Equal((200, "loading"), await HealthAsync(client, "/health/live"));
        gate.SetResult();
        await server.ReadyClientAsync();
        Assert.Equal((200, "ok"), await HealthAsync(client, "/health/ready"));
        engine.Health = new EngineHealth(EngineState.Degraded, "a step failed");
        Assert.Equal((200, "degraded"), await HealthAsync(client, "/health"));
        engine.Health = new EngineHealth(EngineState.Failed, "steps failed");
        Assert.Equal((503, "failed"), await HealthAsync(client, "/health"));
    }

    private static async Task<(int, string?)> HealthAsync(HttpClient client, string path)
    {
        using HttpResponseMessage response = await client.GetAsync(path, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await ServerUnderTest.JsonAsync(response)).GetProperty("status").GetString());
    }
}
