using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>The verb <c>health</c> against servers in every state.</summary>
public sealed class HealthCommandTests
{
    [Fact]
    public async Task A_server_that_serves_is_0()
    {
        await using var server = new ServerUnderTest(Script.Saying("a"));
        (int exitCode, string output, string errors) = await AskAsync("127.0.0.1", (await server.ListeningAsync()).Port);
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Matches(@"^http://127\.0\.0\.1:\d+/health 200 \{""status"":""ok"",""model"":""gemma-4-demo""\}\n$", output);
    }

    [Fact]
    public async Task A_server_on_every_address_is_asked_on_the_loopback()
    {
        await using var server = new ServerUnderTest(Script.Saying("a"));
        (int exitCode, string output, _) = await AskAsync("0.0.0.0", (await server.ListeningAsync()).Port);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("http://127.0.0.1:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_still_loads_is_1()
    {
        var mayLoad = new TaskCompletionSource();
        await using var server = new ServerUnderTest(Script.Saying("a")) { MayLoad = mayLoad.Task };
        server.UseKestrel();
        using HttpClient client = server.CreateClient();
        (int exitCode, string output, string errors) = await AskAsync("127.0.0.1", client.BaseAddress!.Port);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("/health 503 {\"status\":\"loading\"", errors, StringComparison.Ordinal);
        mayLoad.SetResult();
    }

    [Fact]
    public async Task A_port_that_nobody_listens_on_is_1()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, and never listening
        (int exitCode, _, string errors) = await AskAsync("127.0.0.1", ((IPEndPoint)taken.LocalEndPoint!).Port);
        Assert.Equal(1, exitCode);
        Assert.Contains("/health does not answer: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_that_never_answers_is_1()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        (int exitCode, _, string errors) = await AskAsync("127.0.0.1", ((IPEndPoint)mute.LocalEndpoint).Port);
        Assert.Equal(1, exitCode);
        Assert.Contains("/health does not answer within 3 s.", errors, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> AskAsync(string host, int port)
    {
        var output = new StringWriter();
        var errors = new StringWriter();
        int exitCode = await global::Gemma4.Server.Hosting.Verbs.RunAsync(
            ["health", "--host", host, "--port", port.ToString(CultureInfo.InvariantCulture)], TextReader.Null, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
