using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Clients for Node against the real server with the demo model: <c>tests/clients/node</c>.</summary>
public sealed class NodeClientTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly string Folder = Path.Combine(RepositoryPaths.Root, "tests", "clients", "node");

    [Theory]
    [InlineData("openai", "client.test.mjs")]
    [InlineData("ollama", "ollama.test.mjs")]
    public async Task The_client_for_Node_finds_what_it_expects(string package, string tests)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", package)))
            Assert.Skip("needs the packages of tests/clients/node: npm ci --prefix tests/clients/node");
        (int exitCode, string output) = await RunNodeAsync(server.Url, tests);
        Assert.True(exitCode == 0, output);
    }

    private static async Task<(int ExitCode, string Output)> RunNodeAsync(string url, string tests)
    {
        var start = new ProcessStartInfo("node", ["--test", tests]) { WorkingDirectory = Folder, RedirectStandardOutput = true };
        start.Environment["BASE_URL"] = url;
        start.Environment["MODEL"] = ServerUnderTest.Model;
        using Process node = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            string output = await node.StandardOutput.ReadToEndAsync(limit.Token);
            await node.WaitForExitAsync(limit.Token);
            return (node.ExitCode, output);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
    }
}
