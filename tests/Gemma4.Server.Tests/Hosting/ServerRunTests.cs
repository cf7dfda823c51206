using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>How the program starts and ends, as a process: exit codes, and what a person reads.</summary>
public sealed partial class ServerRunTests
{
    /// <summary>Starts of each kind: what goes wrong at the end of a process goes wrong at times only.</summary>
    private const int NumStarts = 2;

    public static TheoryData<string> Kinds => [.. BrokenCheckpoints.Kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_model_that_cannot_be_served_ends_with_its_message_alone_and_1(string kind)
    {
        using var checkpoints = new BrokenCheckpoints();
        string folder = checkpoints.Make(kind);
        for (int i = 0; i < NumStarts; i++)
        {
            await using var server = new ServerProcess("--port", "0", "--model", folder);
            Assert.Equal((1, kind), (await server.ExitCodeAsync(), kind));
            AssertNoTrace(server);
            Assert.Contains("cannot be served: ", Assert.Single(server.Lines, l => !Routine().IsMatch(l)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line_and_2()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        for (int i = 0; i < 2 * NumStarts; i++)
        {
            await using var server = new ServerProcess("--port", $"{port}");
            Assert.Equal(2, await server.ExitCodeAsync());
            Assert.StartsWith($"Cannot listen on 127.0.0.1, port {port}: ", Assert.Single(server.Lines), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--port 99999", "Server:Port")]
    [InlineData("--prot 1", "Did you mean --port?")]
    [InlineData("--port", "--port needs a value")]
    [InlineData("--Api:MaxNn 1", "'Api:MaxNn' is not a setting")]
    [InlineData("--Engine:BlockSize 17", "power of two")]
    [InlineData("--port 0 --host 192.0.2.1", "nothing can listen on 192.0.2.1")]
    [InlineData("sreve", "'sreve' is not a verb of gemma4. Did you mean 'serve'?")]
    [InlineData("serve 8000", "'8000' is not a switch")]
    [InlineData("serve --prot 1", "Did you mean --port?")]
    [InlineData("--config /nowhere/x.json", "/nowhere/x.json cannot be read")]
    public async Task A_wrong_setting_is_one_line_and_2(string args, string message)
    {
        await using var server = new ServerProcess(args.Split(' '));
        Assert.Equal(2, await server.ExitCodeAsync());
        Assert.Contains(message, Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServerProcess.Interrupt)]
    [InlineData(ServerProcess.Terminate)]
    public async Task A_signal_while_the_model_loads_ends_soon_with_0(int signal)
    {
        for (int i = 0; i < NumStarts; i++)
        {
            await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel);
            await server.LineAsync(Loading());
            await Task.Delay(200 * i, TestContext.Current.CancellationToken); // at several places of the load
            var clock = Stopwatch.StartNew();
            server.Signal(signal);
            Assert.Equal(0, await server.ExitCodeAsync());
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
            AssertNoTrace(server);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(300)]
    [InlineData(500)]
    public async Task A_signal_at_any_moment_of_the_start_leaves_no_trace(int milliseconds)
    {
        await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel);
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        server.Signal(ServerProcess.Terminate);
        Assert.Contains(await server.ExitCodeAsync(), new[] { 0, 128 + ServerProcess.Terminate });
        AssertNoTrace(server);
    }

    private static void AssertNoTrace(ServerProcess server)
    {
        string all = string.Join('\n', server.Lines);
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", all, StringComparison.Ordinal);
    }

    [GeneratedRegex("INF (Loading|Listening|Settings|What is asked to be kept) ")]
    private static partial Regex Routine();

    [GeneratedRegex("INF Loading ")]
    private static partial Regex Loading();
}
