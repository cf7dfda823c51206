using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>OpenAI's client for Node against the real server with the demo model: <c>tests/clients/node/client.test.mjs</c>.</summary>
public sealed class NodeClientTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly string Folder = Path.Combine(RepositoryPaths.Root, "tests", "clients", "node");

    [Fact]
    public async Task The_client_for_Node_finds_what_it_expects()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "openai")))
            Assert.Skip("needs the packages of tests/clients/node: npm ci --prefix tests/clients/node");
        (int exitCode, string output) = await RunNodeAsync(server.Url);
        Assert.True(exitCode == 0, output);
    }

    private static async Task<(int ExitCode, string Output)> RunNodeAsync(string url)
    {
        var start = new ProcessStartInfo("node", ["--test", "client.test.mjs"]) { WorkingDirectory = Folder, RedirectStandardOutput = true };
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
