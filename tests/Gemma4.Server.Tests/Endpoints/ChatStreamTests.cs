using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Streamed chat answers, byte by byte.</summary>
public sealed partial class ChatStreamTests
{
    [Fact]
    public async Task Frames_are_exactly_what_clients_are_known_to_read()
    {
        string text = await StreamAsync(FakeEngine.Saying(ServerUnderTest.Tokenizer.EncodeText("Hi")[0], Script.EndOfTurn), "\"stream\":true");
        string head = "{\"id\":\"ID\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gemma-4-demo\",\"system_fingerprint\":\"fp_test\",\"choices\":[{\"index\":0,\"delta\":";
        Assert.Equal(
            $$"""
            data: {{head}}{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}

            data: {{head}}{"content":"Hi"},"logprobs":null,"finish_reason":null}]}

            data: {{head}}{},"logprobs":null,"finish_reason":"stop"}]}

            data: [DONE]


            """.ReplaceLineEndings("\n"),
            Normal(text));
    }

    [Fact]
    public async Task Counts_come_last_and_null_before()
    {
        JsonElement[] frames = Sse.Frames(await StreamAsync(Script.Saying("Hello there"), "\"stream\":true,\"stream_options\":{\"include_usage\":true}"), isDone: true);
        Assert.All(frames[..^1], f => Assert.Equal(JsonValueKind.Null, f.GetProperty("usage").ValueKind));
        Assert.Empty(frames[^1].GetProperty("choices").EnumerateArray());
        Assert.True(frames[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 1);
        Assert.Equal("stop", frames[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_call_gives_id_and_name_once_and_its_arguments_in_pieces()
    {
        const string fields = """
            "stream":true,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}]
            """;
        JsonElement[] frames = Sse.Frames(await StreamAsync(
            Script.Saying("<|tool_call>call:f{a:<|\"|>one two three<|\"|>}<tool_call|><|tool_call>call:f{a:<|\"|>x<|\"|>}<tool_call|>"), fields), isDone: true);
        JsonElement[] calls = [.. frames.SelectMany(f => f.GetProperty("choices").EnumerateArray())
            .Where(c => c.GetProperty("delta").TryGetProperty("tool_calls", out _)).Select(c => c.GetProperty("delta").GetProperty("tool_calls")[0])];
        Assert.Equal([0, 1], calls.Select(c => c.GetProperty("index").GetInt32()).Distinct());
        Assert.Equal(2, calls.Count(c => c.TryGetProperty("id", out _)));
        Assert.Equal(2, calls.Count(c => c.GetProperty("function").TryGetProperty("name", out _)));
        Assert.Equal(["""{"a":"one two three"}""", """{"a":"x"}"""], calls.GroupBy(c => c.GetProperty("index").GetInt32())
            .Select(g => string.Concat(g.Select(c => c.GetProperty("function").GetProperty("arguments").GetString()))));
        Assert.Equal("tool_calls", frames[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Each_of_n_answers_has_one_role_and_one_finish()
    {
        JsonElement[] frames = Sse.Frames(await StreamAsync(Script.Saying("Hello"), "\"stream\":true,\"n\":2"), isDone: true);
        JsonElement[] choices = [.. frames.Select(f => f.GetProperty("choices")[0])];
        for (int i = 0; i < 2; i++)
        {
            JsonElement[] own = [.. choices.Where(c => c.GetProperty("index").GetInt32() == i)];
            Assert.Single(own, c => c.GetProperty("delta").TryGetProperty("role", out _));
            Assert.Single(own, c => c.GetProperty("finish_reason").ValueKind != JsonValueKind.Null);
            Assert.Equal("Hello", string.Concat(own.Select(c => c.GetProperty("delta")).Where(d => d.TryGetProperty("content", out _)).Select(d => d.GetProperty("content").GetString())));
        }
    }

    [Fact]
    public async Task Silence_is_filled_with_comments()
    {
        var gate = new TaskCompletionSource();
        await using var server = new ServerUnderTest(Script.Gated("Hi", (i, _) => i == 0 ? gate.Task : Task.CompletedTask), ("Server:HeartbeatSeconds", "1"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await SendAsync(client, "\"stream\":true");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var lines = new List<string?>();
        while (!lines.Contains(": keep-alive"))
            lines.Add(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        gate.SetResult();
        Sse.Frames(string.Join('\n', lines) + "\n" + await reader.ReadToEndAsync(TestContext.Current.CancellationToken), isDone: true);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_work()
    {
        FakeEngine engine = Script.Gated("one two three four", (i, cancelled) => i < 2 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancelled));
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using (HttpResponseMessage response = await SendAsync(client, "\"stream\":true"))
        {
            Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            Assert.True(await body.ReadAsync(new byte[64], TestContext.Current.CancellationToken) > 0);
        }
        for (int i = 0; engine.Aborts.IsEmpty && i < 500; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Single(engine.Aborts);
    }

    [Fact]
    public async Task A_failure_after_the_first_frame_is_an_error_frame_and_a_broken_connection()
    {
        // Over a socket: what a cut connection still delivers is Kestrel's doing.
        await using var server = new ServerUnderTest(Failing("Hello"));
        server.UseKestrel();
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await SendAsync(client, "\"stream\":true");
        Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var text = new StringBuilder();
        byte[] buffer = new byte[1024];
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
            {
                int read = await body.ReadAsync(buffer, TestContext.Current.CancellationToken);
                Assert.True(read > 0, "the stream ended as if it were whole");
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        });
        Assert.EndsWith("data: {\"error\":{\"message\":\"the step failed\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_before_the_first_frame_is_a_status()
    {
        await using var server = new ServerUnderTest(Failing(""));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await SendAsync(client, "\"stream\":true");
        await Pipeline.ErrorShapeTests.AssertErrorAsync(response, 500, "server_error", null, null, "the step failed");
    }

    [Theory]
    [InlineData("\"stream\":true")]
    [InlineData("\"stream\":false")]
    public async Task What_the_request_asks_for_and_cannot_be_done_is_a_400_as_long_as_nothing_is_sent(string fields)
    {
        await using var server = new ServerUnderTest(Failing("", Rejection));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await SendAsync(client, fields);
        await Pipeline.ErrorShapeTests.AssertErrorAsync(response, 400, "invalid_request_error", "allowed_token_ids", "no_token_allowed", Rejection.Message);
    }

    private static readonly RequestRejectedException Rejection =
        new(RejectionReason.InvalidRequest, "allowed_token_ids leaves no token.", "allowed_token_ids", "no_token_allowed");

    private static FakeEngine Failing(string text, RequestRejectedException? rejection = null) => new((_, _) => Fail(text, rejection));

    private static async IAsyncEnumerable<TokenEvent> Fail(string text, RequestRejectedException? rejection)
    {
        foreach (int id in ServerUnderTest.Tokenizer.EncodeText(text))
            yield return new TokenEvent { SequenceIndex = 0, TokenId = id };
        await Task.Delay(text.Length == 0 ? 0 : 200);
        yield return new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Error, Error = rejection?.Message ?? "the step failed", Rejection = rejection };
    }

    private static async Task<string> StreamAsync(FakeEngine engine, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await SendAsync(client, fields);
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.True(response.Headers.CacheControl?.NoCache);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(ChatEndpointsTests.Body(fields))),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static string Normal(string text) => Created().Replace(Id().Replace(text, "\"ID\""), "\"created\":1");

    [GeneratedRegex("\"chatcmpl-[a-zA-Z0-9]{24}\"")]
    private static partial Regex Id();

    [GeneratedRegex("\"created\":\\d+")]
    private static partial Regex Created();
}
