using System.Text.RegularExpressions;
using Gemma4.Server.Tests.Hub;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>Verbs as processes: what depends on the environment, on standard input and on signals.</summary>
public sealed partial class VerbProcessTests : IDisposable
{
    private readonly HubCacheFolder _cache = new();

    [Fact]
    public async Task Pull_fetches_and_list_shows_it()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(
            [.. LoopbackHub.Model(20_000), ("gemma-Q4_K_M.gguf", LoopbackHub.Random(5000, 1)), ("gemma-Q8_0.gguf", LoopbackHub.Random(9000, 2)), ("mmproj-BF16.gguf", LoopbackHub.Random(2000, 3))]);
        (string, string)[] environment = [("HF_ENDPOINT", hub.Endpoint.AbsoluteUri), ("HF_HUB_CACHE", _cache.Path)];
        Assert.Contains("No models in", Assert.Single((await RunAsync(0, environment, "list")).Lines), StringComparison.Ordinal);

        ServerProcess pulled = await RunAsync(0, environment, "pull", LoopbackHub.Repository);
        string folder = Path.Combine(_cache.Repository, "snapshots", hub.Commit);
        Assert.Contains(folder, pulled.Lines);
        Assert.Contains("Fetching google/gemma-4-E2B-it: 23.2 kB", pulled.Lines);
        Assert.Contains(Path.Combine(folder, "gemma-Q8_0.gguf"), (await RunAsync(0, environment, "pull", LoopbackHub.Repository + ":Q8_0")).Lines);

        IReadOnlyList<string> listed = (await RunAsync(0, environment, "list")).Lines;
        Assert.Equal(3, listed.Count);
        Assert.Matches(@"^NAME +REVISION +SIZE +FORM +PATH$", listed[0]);
        Assert.Equal(["google/gemma-4-E2B-it", "main aaaaaaaa", "34.2 kB", "safetensors", folder], Columns().Split(listed[1]));
        Assert.Equal(["google/gemma-4-E2B-it:Q8_0", "main aaaaaaaa", "9.0 kB", "gguf", Path.Combine(folder, "gemma-Q8_0.gguf")], Columns().Split(listed[2]));

        Assert.Contains("HF_HUB_OFFLINE", Assert.Single((await RunAsync(1, [.. environment, ("HF_HUB_OFFLINE", "1")], "pull", LoopbackHub.Repository)).Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_in_a_conversation_stops_the_answer_and_not_the_program()
    {
        await using var server = new ServerUnderTest(Script.Endless("On\nand on"));
        await using var chat = new ServerProcess("chat", "--url", (await server.ListeningAsync()).AbsoluteUri);
        await chat.TypeAsync("Go on");
        await chat.LineAsync(new Regex("^On$"));
        chat.Signal(ServerProcess.Interrupt);
        await chat.LineAsync(new Regex("…$"));
        await chat.TypeAsync("/nonsense");
        await chat.LineAsync(new Regex("'/nonsense' is none of these"));
        await chat.TypeAsync("/exit");
        Assert.Equal(0, await chat.ExitCodeAsync());
    }

    [Fact]
    public async Task Chat_loads_a_model_of_its_own()
    {
        await using var chat = new ServerProcess("chat", "--model", RepositoryPaths.DemoModel, "--threads", "1");
        await chat.TypeAsync("What is the capital of France?");
        await chat.LineAsync(new Regex("[a-z]+"));
        await chat.TypeAsync("/exit");
        Assert.Equal(0, await chat.ExitCodeAsync());
    }

    [Fact]
    public async Task Chat_says_why_there_is_no_model() =>
        Assert.Contains((await RunAsync(1, [], "chat", "--model", "/nowhere")).Lines, line => line.Contains("is no checkpoint", StringComparison.Ordinal));

    public void Dispose() => _cache.Dispose();

    private static async Task<ServerProcess> RunAsync(int exitCode, IEnumerable<(string, string)> environment, params string[] args)
    {
        await using var process = new ServerProcess(environment, args);
        int ended = await process.ExitCodeAsync();
        Assert.True(ended == exitCode, string.Join('\n', process.Lines));
        return process;
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Columns();
}
