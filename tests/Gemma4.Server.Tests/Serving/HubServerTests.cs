using System.Text.Json.Nodes;
using Gemma4.Server.Tests.Hub;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Serving;

/// <summary>A server that is started with a model's name, as a process: it fetches, serves, and says what is wrong.</summary>
public sealed class HubServerTests : IDisposable
{
    private readonly HubCacheFolder _cache = new();

    [Fact]
    public async Task Processes_that_want_one_model_fetch_it_once_and_serve_it()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(DemoModel());
        (string, string)[] environment = [("HF_ENDPOINT", hub.Endpoint.AbsoluteUri), ("HF_HUB_CACHE", _cache.Path)];
        await using var first = new ServerProcess(environment, "--port", "0", "--model", LoopbackHub.Repository);
        await using var second = new ServerProcess(environment, "--port", "0", "--model", LoopbackHub.Repository);
        using var client = new HttpClient { BaseAddress = await first.ReadyAsync() };
        await second.ReadyAsync();
        Assert.Equal(1, hub.Requests.Count(r => r.IsStorage && r.Path.Contains(hub.HashOf("model.safetensors"), StringComparison.Ordinal)));
        Assert.Contains(first.Lines.Concat(second.Lines), line => line.Contains("INF Fetching google/gemma-4-E2B-it: ", StringComparison.Ordinal));
        JsonNode models = JsonNode.Parse(await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken))!;
        Assert.Equal(["google/gemma-4-E2B-it", "gemma-4-E2B-it"], models["data"]!.AsArray().Select(m => (string?)m!["id"]));
        _cache.AssertNothingWrong(hub);
    }

    [Fact]
    public async Task A_gated_model_ends_the_start_with_one_line_and_1()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(DemoModel(), token: "hf_secret");
        await using var server = new ServerProcess(
            [("HF_ENDPOINT", hub.Endpoint.AbsoluteUri), ("HF_HUB_CACHE", _cache.Path), ("HF_HOME", _cache.Path)], "--port", "0", "--model", LoopbackHub.Repository);
        Assert.Equal(1, await server.ExitCodeAsync());
        Assert.Contains("cannot be served: google/gemma-4-E2B-it is gated", Assert.Single(server.Lines, line => line.Contains("FTL", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_says_how_to_get_the_model()
    {
        await using var server = new ServerProcess("--port", "0", "--model", "/nowhere/google/gemma-4-E2B-it");
        Assert.Equal(1, await server.ExitCodeAsync());
        Assert.Contains(server.Lines, line => line.Contains("or a model of the hub with --model google/gemma-4-E2B-it, which is fetched", StringComparison.Ordinal));
    }

    public void Dispose() => _cache.Dispose();

    private static IEnumerable<(string Path, byte[] Bytes)> DemoModel() =>
        Directory.GetFiles(RepositoryPaths.DemoModel).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)));
}
