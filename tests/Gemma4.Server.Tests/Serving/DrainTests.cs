using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Gemma4.Server.Tests.Serving;

/// <summary>What becomes of requests when the server stops, seen from the other end of a socket.</summary>
public sealed class DrainTests
{
    /// <summary>Most time that stopping may take beside the drain, on a busy machine.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Apis => [.. TextRequests.Apis];

    [Fact]
    public async Task A_running_answer_goes_on_to_its_end_while_new_requests_are_refused()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ServerUnderTest server = Server(Script.Gated("Hello there.", (i, cancelled) => i == 0 ? Task.CompletedTask : gate.Task.WaitAsync(cancelled)), 60);
        Uri url = await server.ListeningAsync();
        using RawConnection health = await KeptAsync(url), models = await KeptAsync(url), late = await KeptAsync(url);
        using RawConnection stream = await StreamAsync(url, "chat");

        Task stopped = Stop(server);
        await AssertRefusesConnectionsAsync(url);
        await health.SendAsync(RawConnection.Get("/health/ready"), Cancelled);
        RawAnswer draining = await health.ReceiveAsync(Cancelled);
        Assert.Equal((503, "draining"), (draining.Status, JsonElement.Parse(draining.Body).GetProperty("status").GetString()));
        await late.SendAsync(RawConnection.Post("/v1/chat/completions", TextRequests.Body("chat")), Cancelled);
        AssertUnavailable(await late.ReceiveAsync(Cancelled));
        await models.SendAsync(RawConnection.Post("/v1/messages", TextRequests.Body("messages")), Cancelled);
        RawAnswer anthropic = await models.ReceiveAsync(Cancelled);
        Assert.Equal("overloaded_error", JsonElement.Parse(anthropic.Body).GetProperty("error").GetProperty("type").GetString());
        Assert.False(stopped.IsCompleted);

        gate.SetResult();
        RawAnswer whole = await stream.ReceiveAsync(Cancelled);
        Assert.True(whole.IsWhole, whole.Body);
        Assert.EndsWith("data: [DONE]\n\n", whole.Body, StringComparison.Ordinal);
        await stopped.WaitAsync(Soon, Cancelled);
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task A_stream_that_outlasts_the_drain_ends_with_an_error_frame_of_its_API(string api)
    {
        FakeEngine engine = Script.Endless("Hello");
        await using ServerUnderTest server = Server(engine, drainSeconds: 1);
        Uri url = await server.ListeningAsync();
        using RawConnection stream = await StreamAsync(url, api);
        var clock = Stopwatch.StartNew();
        Task stopped = Stop(server);
        RawAnswer cut = await stream.ReceiveAsync(Cancelled);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(0.9), $"{clock.Elapsed}");
        Assert.False(cut.WasReset, "the connection was reset");
        Assert.False(cut.IsWhole, "the answer ended as if it were whole");
        string last = cut.Body[cut.Body.LastIndexOf("data: ", StringComparison.Ordinal)..];
        JsonElement frame = JsonElement.Parse(last["data: ".Length..last.IndexOf('\n')]);
        string? type = frame.TryGetProperty("type", out JsonElement t) ? t.GetString() : null;
        Assert.Equal(api switch { "messages" => "error", "responses" => "response.failed", _ => null }, type);
        JsonElement error = (api == "responses" ? frame.GetProperty("response") : frame).GetProperty("error");
        Assert.Contains("stopping", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await stopped.WaitAsync(Soon, Cancelled);
        Assert.Equal(0, engine.NumRunning);
        Assert.StartsWith("Warning: POST", Assert.Single(server.Log.OfRequests), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task An_answer_that_is_not_streamed_and_outlasts_the_drain_is_a_503(string api)
    {
        FakeEngine engine = Script.Endless("Hello");
        await using ServerUnderTest server = Server(engine, drainSeconds: 1);
        Uri url = await server.ListeningAsync();
        using RawConnection waiting = await RawConnection.OpenAsync(url, Cancelled);
        await waiting.SendAsync(RawConnection.Post(TextRequests.Path(api), TextRequests.Body(api)), Cancelled);
        await UntilAsync(() => engine.NumRunning == 1);
        Task stopped = Stop(server);
        AssertUnavailable(await waiting.ReceiveAsync(Cancelled));
        await stopped.WaitAsync(Soon, Cancelled);
    }

    [Fact]
    public async Task A_response_in_the_background_has_the_drains_time_too()
    {
        FakeEngine engine = Script.Endless("Hello");
        await using ServerUnderTest server = Server(engine, drainSeconds: 1);
        Uri url = await server.ListeningAsync();
        using (RawConnection asking = await RawConnection.OpenAsync(url, Cancelled))
        {
            await asking.SendAsync(RawConnection.Post(TextRequests.Path("responses"), TextRequests.Body("responses", ",\"background\":true")), Cancelled);
            Assert.Equal(200, (await asking.ReceiveAsync(Cancelled)).Status);
        }
        Assert.Equal(1, engine.NumRunning);
        var clock = Stopwatch.StartNew();
        await Stop(server).WaitAsync(Soon, Cancelled);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(0.9), $"{clock.Elapsed}");
        Assert.Equal(0, engine.NumRunning);
    }

    [Fact]
    public async Task A_body_that_is_still_being_sent_when_the_time_is_up_is_answered_503()
    {
        await using ServerUnderTest server = Server(Script.Saying("x"), drainSeconds: 1);
        Uri url = await server.ListeningAsync();
        using RawConnection slow = await KeptAsync(url);
        await slow.SendAsync(RawConnection.Post("/tokenize", "{\"prompt\":\"half", announced: 1000), Cancelled);
        await Task.Delay(200, Cancelled);
        Task stopped = Stop(server);
        AssertUnavailable(await slow.ReceiveAsync(Cancelled));
        await stopped.WaitAsync(Soon, Cancelled);
        Assert.StartsWith("Warning: POST /tokenize 503 in ", Assert.Single(server.Log.OfRequests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_was_on_its_way_when_the_drain_began_is_served()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), drainSeconds: 60);
        Uri url = await server.ListeningAsync();
        using RawConnection slow = await KeptAsync(url);
        string request = RawConnection.Post("/v1/chat/completions", TextRequests.Body("chat"));
        await slow.SendAsync(request[..^5], Cancelled);
        await Task.Delay(200, Cancelled);
        Task stopped = Stop(server);
        await AssertRefusesConnectionsAsync(url);
        await slow.SendAsync(request[^5..], Cancelled);
        RawAnswer answer = await slow.ReceiveAsync(Cancelled);
        Assert.Equal(200, answer.Status);
        Assert.Contains("connection: close", answer.Head, StringComparison.OrdinalIgnoreCase);
        await stopped.WaitAsync(Soon, Cancelled);
    }

    [Fact]
    public async Task A_client_that_does_not_read_does_not_hold_the_stop_up()
    {
        var engine = new FakeEngine((_, cancelled) => Flood(cancelled));
        await using ServerUnderTest server = Server(engine, drainSeconds: 1);
        Uri url = await server.ListeningAsync();
        using RawConnection deaf = await RawConnection.OpenAsync(url, Cancelled, receiveBuffer: 4096);
        await deaf.SendAsync(RawConnection.Post("/v1/chat/completions", TextRequests.Body("chat", ",\"stream\":true")), Cancelled);
        await Task.Delay(500, Cancelled);
        await Stop(server).WaitAsync(Soon, Cancelled);
        Assert.Equal(0, engine.NumRunning);
    }

    [Fact]
    public async Task Without_requests_the_stop_takes_no_time()
    {
        await using ServerUnderTest server = Server(Script.Saying("x"), drainSeconds: 600);
        await server.ListeningAsync();
        await Stop(server).WaitAsync(Soon, Cancelled);
    }

    private static ServerUnderTest Server(FakeEngine engine, int drainSeconds) => new(engine, ("Server:DrainSeconds", $"{drainSeconds}"));

    private static Task Stop(ServerUnderTest server)
    {
        var lifetime = server.Services.GetRequiredService<IHostApplicationLifetime>();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lifetime.ApplicationStopped.Register(stopped.SetResult);
        lifetime.StopApplication();
        return stopped.Task;
    }

    /// <summary>A connection that has had an answer and is open.</summary>
    private static async Task<RawConnection> KeptAsync(Uri url)
    {
        RawConnection connection = await RawConnection.OpenAsync(url, Cancelled);
        await connection.SendAsync(RawConnection.Get("/health/live"), Cancelled);
        Assert.Equal(200, (await connection.ReceiveAsync(Cancelled)).Status);
        return connection;
    }

    /// <summary>A stream that has begun.</summary>
    private static async Task<RawConnection> StreamAsync(Uri url, string api)
    {
        RawConnection connection = await RawConnection.OpenAsync(url, Cancelled);
        await connection.SendAsync(RawConnection.Post(TextRequests.Path(api), TextRequests.Body(api, ",\"stream\":true")), Cancelled);
        await connection.ReceiveUntilAsync("data: ", Cancelled);
        return connection;
    }

    private static void AssertUnavailable(RawAnswer answer)
    {
        Assert.True(answer is { Status: 503, IsWhole: true }, $"{answer}");
        Assert.Contains("connection: close", answer.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("retry-after: ", answer.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("stopping", JsonElement.Parse(answer.Body).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task AssertRefusesConnectionsAsync(Uri url)
    {
        await UntilAsync(() =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(url.Host, url.Port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        });
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++)
            await Task.Delay(20, Cancelled);
        Assert.True(condition());
    }

    private static async IAsyncEnumerable<TokenEvent> Flood([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancelled)
    {
        int[] ids = ServerUnderTest.Tokenizer.Encode("Hello there, and so on.");
        for (int i = 0; ; i++)
        {
            if (i % 1000 == 0)
                await Task.Delay(1, cancelled);
            yield return new TokenEvent { SequenceIndex = 0, TokenId = ids[i % ids.Length] };
        }
    }
}
