using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>Signals to a process that serves the demo model.</summary>
public sealed class StopSignalsTests
{
    private const string Endless = ",\"stream\":true,\"ignore_eos\":true,\"max_tokens\":8000";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_signal_drains_and_ends_streams_with_an_error_frame_and_0()
    {
        await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel, "--Server:DrainSeconds", "0");
        Uri url = await server.ReadyAsync();
        RawConnection[] streams = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => StreamAsync(url)));
        server.Signal(ServerProcess.Terminate);
        RawAnswer[] answers = await Task.WhenAll(streams.Select(s => s.ReceiveAsync(Cancelled)));
        Assert.All(answers, a => Assert.False(a.WasReset));
        Assert.All(answers, a => Assert.Contains("\"message\":\"The server is stopping; the answer was cut.\"", a.Body, StringComparison.Ordinal));
        Assert.Equal(0, await server.ExitCodeAsync());
        Assert.DoesNotContain(server.Lines, l => l.StartsWith("   at ", StringComparison.Ordinal));
        Assert.Equal(streams.Length, server.Lines.Count(l => l.Contains(" WRN POST /v1/chat/completions 200 (cut: ", StringComparison.Ordinal)));
        Assert.DoesNotContain(server.Lines, l => l.Contains(" ERR ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ServerProcess.Interrupt)]
    [InlineData(ServerProcess.Terminate)]
    public async Task The_second_signal_ends_at_once(int signal)
    {
        await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel, "--Server:DrainSeconds", "600");
        Uri url = await server.ReadyAsync();
        using RawConnection slow = await RawConnection.OpenAsync(url, Cancelled);
        await slow.SendAsync(RawConnection.Post("/tokenize", "{", announced: 1000), Cancelled);
        await Task.Delay(300, Cancelled);
        server.Signal(ServerProcess.Terminate);
        await Task.Delay(700, Cancelled);
        Assert.False(server.HasEnded);
        var clock = Stopwatch.StartNew();
        server.Signal(signal);
        Assert.Equal(128 + signal, await server.ExitCodeAsync());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        Assert.DoesNotContain(server.Lines, l => l.StartsWith("   at ", StringComparison.Ordinal));
    }

    private static async Task<RawConnection> StreamAsync(Uri url)
    {
        RawConnection connection = await RawConnection.OpenAsync(url, Cancelled);
        await connection.SendAsync(RawConnection.Post("/v1/chat/completions", TextRequests.Body("chat", Endless)), Cancelled);
        await connection.ReceiveUntilAsync("\"content\":\"", Cancelled);
        return connection;
    }
}
