using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>How much of what is sent may lie in the server at once, over sockets.</summary>
public sealed class BodyAdmissionTests
{
    private const string Tokenize = "POST /tokenize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
    private const string Chunked = Tokenize + "Transfer-Encoding: chunked\r\n\r\n";

    private static readonly (string, string)[] Small = [("Server:MaxRequestBodyBytes", "2000"), ("Server:MaxBodyBytesInFlight", "3000")];

    [Fact]
    public async Task A_body_that_is_announced_and_does_not_fit_is_refused_before_any_of_it_is_sent()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Small);
        Uri address = await server.ListeningAsync();
        await using RawConnection first = await HoldingAsync(address, 1500);
        await using RawConnection second = await HoldingAsync(address, 1400);

        await using RawConnection third = await RawConnection.ToAsync(address);
        await third.WriteAsync(Tokenize + "Content-Length: 1500\r\n\r\n");
        AssertTooMany(await third.ReadAsync());

        Assert.Equal(200, (await RawConnection.AskAsync(address, Json("a"))).Status); // what fits is served
        await FinishAsync(first);
        await FinishAsync(second);
        Assert.Equal(200, (await RawConnection.AskAsync(address, Json(new string('a', 1900)))).Status);
    }

    [Fact]
    public async Task A_body_in_chunks_is_refused_as_soon_as_it_does_not_fit()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Small);
        Uri address = await server.ListeningAsync();
        await using RawConnection first = await HoldingAsync(address, 1500);
        await using RawConnection second = await HoldingAsync(address, 1400);
        await using RawConnection third = await RawConnection.ToAsync(address);
        await third.WriteAsync(Chunked + Chunk("{\"prompt\":\"" + new string('a', 500)));
        AssertTooMany(await third.ReadAsync());
        await FinishAsync(first);
        await FinishAsync(second);
    }

    [Fact]
    public async Task Bytes_are_given_back_however_a_request_ends()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hi"), Small);
        Uri address = await server.ListeningAsync();
        for (int i = 0; i < 5; i++)
        {
            await EventuallyAsync(async () => (await RawConnection.AskAsync(address, Json(new string('a', 1900)))).Status == 200);
            Assert.Equal(400, (await RawConnection.AskAsync(address, Json(new string('a', 1900) + "\""))).Status);
            Assert.Equal(413, (await RawConnection.AskAsync(address, Json(new string('a', 2100)))).Status);
            await using RawConnection left = await HoldingAsync(address, 1500);
        }
        await EventuallyAsync(async () => (await RawConnection.AskAsync(address, Json(new string('a', 1900)))).Status == 200);
    }

    [Fact]
    public async Task What_is_announced_and_never_sent_keeps_nobody_out()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Small);
        Uri address = await server.ListeningAsync();
        var idle = new List<RawConnection>();
        for (int i = 0; i < 20; i++)
        {
            idle.Add(await RawConnection.ToAsync(address));
            await idle[^1].WriteAsync(Tokenize + "Content-Length: 2000\r\n\r\n");
        }
        Assert.Equal(200, (await RawConnection.AskAsync(address, Json(new string('a', 1900)))).Status);
        foreach (RawConnection connection in idle)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task A_body_that_does_not_come_in_time_is_given_up()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:BodySeconds", "1"));
        await using RawConnection connection = await HoldingAsync(await server.ListeningAsync(), 100);
        RawAnswer answer = await connection.ReadAsync();
        Assert.Equal(408, answer.Status);
        Assert.Contains("Server:BodySeconds", answer.Error().GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat/completions", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}],"stream":true}""")]
    [InlineData("chat/completions", """{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("messages", """{"model":"gemma-4-demo","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""")]
    public async Task A_body_no_longer_counts_while_its_answer_is_written(string path, string body)
    {
        var gate = new TaskCompletionSource();
        FakeEngine engine = Script.Gated("Hi there", (i, cancelled) => i == 0 ? Task.CompletedTask : gate.Task.WaitAsync(cancelled));
        await using var server = new ServerUnderTest(engine, Small);
        Uri address = await server.ListeningAsync();
        string padded = body[..^1] + ",\"user\":\"" + new string('u', 1800) + "\"}";
        var running = new List<RawConnection>();
        for (int i = 0; i < 3; i++) // more than fit together
        {
            running.Add(await RawConnection.ToAsync(address));
            await running[^1].WriteAsync(Post($"/v1/{path}", padded));
            int expected = i + 1;
            await EventuallyAsync(() => Task.FromResult(engine.Requests.Count == expected));
            await EventuallyAsync(async () => (await RawConnection.AskAsync(address, Json(new string('a', 1900)))).Status == 200);
        }
        gate.SetResult();
        foreach (RawConnection connection in running)
        {
            Assert.Equal(200, (await connection.ReadAsync()).Status);
            await connection.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions", "application/json")]
    [InlineData("/v1/completions", "application/json")]
    [InlineData("/v1/responses", "application/json")]
    [InlineData("/v1/messages", "application/json")]
    [InlineData("/v1/audio/transcriptions", "multipart/form-data; boundary=b")]
    public async Task A_full_queue_refuses_before_the_body_is_sent(string path, string contentType)
    {
        FakeEngine engine = FakeEngine.Saying();
        engine.EarlyRejection = new RequestRejectedException(RejectionReason.QueueFull, "full") { RetryAfter = TimeSpan.FromSeconds(7) };
        await using var server = new ServerUnderTest(engine);
        await using RawConnection connection = await RawConnection.ToAsync(await server.ListeningAsync());
        await connection.WriteAsync($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {contentType}\r\nContent-Length: 100000\r\n\r\n");
        RawAnswer answer = await connection.ReadAsync();
        Assert.Equal(429, answer.Status);
        Assert.Contains("Retry-After: 7", answer.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task More_connections_than_may_be_are_closed_and_the_others_served()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:MaxConnections", "3"));
        Uri address = await server.ListeningAsync();
        await using RawConnection first = await RawConnection.ToAsync(address);
        await using RawConnection second = await RawConnection.ToAsync(address);
        await using RawConnection third = await RawConnection.ToAsync(address);
        foreach (RawConnection connection in (RawConnection[])[first, second, third])
        {
            await connection.WriteAsync("GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            Assert.Equal(200, (await connection.ReadAsync()).Status);
        }
        await using RawConnection fourth = await RawConnection.ToAsync(address);
        Assert.True(await fourth.IsClosedAsync());
        await first.WriteAsync("GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        Assert.Equal(200, (await first.ReadAsync()).Status);
    }

    /// <summary>A request in chunks of which so many bytes have come and the last has not.</summary>
    private static async Task<RawConnection> HoldingAsync(Uri address, int bytes)
    {
        RawConnection connection = await RawConnection.ToAsync(address);
        await connection.WriteAsync(Chunked + Chunk("{\"prompt\":\"" + new string('a', bytes - 11)));
        await Task.Delay(200, TestContext.Current.CancellationToken); // until it has been read
        return connection;
    }

    private static async Task FinishAsync(RawConnection connection)
    {
        await connection.WriteAsync(Chunk("\"}") + "0\r\n\r\n");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
    }

    private static void AssertTooMany(RawAnswer answer)
    {
        Assert.Equal(429, answer.Status);
        Assert.Contains("Retry-After: 1", answer.Head, StringComparison.OrdinalIgnoreCase);
        JsonElement error = answer.Error();
        Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Contains("Server:MaxBodyBytesInFlight", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (int i = 0; i < 1500; i++)
        {
            if (await holds())
                return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.Fail("It did not come to that.");
    }

    private static string Json(string prompt) => Post("/tokenize", $"{{\"prompt\":\"{prompt}\"}}");

    private static string Post(string path, string body) =>
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Chunk(string data) => $"{data.Length:x}\r\n{data}\r\n";
}
