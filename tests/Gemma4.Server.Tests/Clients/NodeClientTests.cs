using System.Diagnostics;
using Gemma4.Server.Hosting;
using Gemma4.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>OpenAI's client for Node against the real server with the demo model: <c>tests/clients/node/client.test.mjs</c>.</summary>
public sealed class NodeClientTests
{
    private static readonly string Folder = Path.Combine(RepositoryPaths.Root, "tests", "clients", "node");

    [Fact]
    public async Task The_client_for_Node_finds_what_it_expects()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "openai")))
            Assert.Skip("needs the packages of tests/clients/node: npm ci --prefix tests/clients/node");
        await using WebApplication app = ServerApp.Build(
            ["--port", "0", "--model", RepositoryPaths.DemoModel, "--json-whitespace", "json", "--Serilog:MinimumLevel:Default", "Error"]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        ModelHost host = app.Services.GetRequiredService<ModelHost>();
        while (host.Loaded is null)
        {
            Assert.Null(host.Failure);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        (int exitCode, string output) = await RunNodeAsync(app.Urls.First());
        await app.StopAsync(TestContext.Current.CancellationToken);
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
