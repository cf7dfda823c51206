using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>The order and content of a streamed response's events.</summary>
public sealed class ResponseStreamTests
{
    private const string Tools = """
        "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"s":{"type":"string"}}}}]
        """;

    [Fact]
    public async Task Events_come_named_numbered_and_in_the_order_clients_need()
    {
        JsonElement[] events = await StreamAsync(
            Script.Saying("<|channel>thought\nHm.<channel|>Hi<|tool_call>call:f{s:<|\"|>x<|\"|>}<tool_call|>"), "\"input\":\"Hi\"," + Tools);
        string[] types = [.. events.Select(e => Text(e, "type"))];
        string[] withoutRepeats = [.. types.Where((t, i) => i == 0 || types[i - 1] != t)];
        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done",
                "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done",
                "response.output_item.done", "response.completed",
            ],
            withoutRepeats);
        Assert.Equal(Enumerable.Range(0, events.Length), events.Select(e => e.GetProperty("sequence_number").GetInt32()));
        Assert.Equal("""{"s":"x"}""", string.Concat(events.Where(e => Text(e, "type") == "response.function_call_arguments.delta").Select(e => Text(e, "delta"))));
    }

    [Fact]
    public async Task The_last_event_holds_what_the_deltas_made()
    {
        JsonElement[] events = await StreamAsync(Script.Saying("One two three."), "\"input\":\"Hi\"");
        string joined = string.Concat(events.Where(e => Text(e, "type") == "response.output_text.delta").Select(e => Text(e, "delta")));
        JsonElement response = events[^1].GetProperty("response");
        Assert.Equal("One two three.", joined);
        Assert.Equal(joined, Text(response.GetProperty("output")[0].GetProperty("content")[0], "text"));
        Assert.Equal(Text(events[0].GetProperty("response"), "id"), Text(response, "id"));
        Assert.False(events[0].GetProperty("response").TryGetProperty("usage", out _));
        Assert.True(response.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_cut_answer_ends_with_incomplete()
    {
        JsonElement[] events = await StreamAsync(Script.Cut("<|tool_call>call:f{s:<|\"|>half"), "\"input\":\"Hi\"," + Tools);
        Assert.Equal("response.incomplete", Text(events[^1], "type"));
        JsonElement call = events[^1].GetProperty("response").GetProperty("output")[0];
        Assert.Equal(("incomplete", """{"s":"half"""), (Text(call, "status"), Text(call, "arguments")));
    }

    [Fact]
    public async Task A_failure_after_the_start_ends_with_failed()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engine = new FakeEngine((_, _) => Failing(begun.Task));
        // Over a socket: what a cut connection still delivers is Kestrel's doing, and the in-process transport drops it at times.
        await using var server = new ServerUnderTest(engine);
        server.UseKestrel();
        HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
        {
            Content = new StringContent("""{"model":"gemma-4-demo","input":"Hi","stream":true}""", System.Text.Encoding.UTF8, "application/json"),
        };
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        string? last = null;
        // The connection is cut behind it, so that no client takes the stream for complete.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                begun.TrySetResult();
                last = line.StartsWith("data: ", StringComparison.Ordinal) ? line : last;
            }
        });
        JsonElement failed = JsonElement.Parse(last!["data: ".Length..]);
        Assert.Equal("response.failed", Text(failed, "type"));
        Assert.Equal("server_error", Text(failed.GetProperty("response").GetProperty("error"), "code"));
    }

    [Fact]
    public async Task A_streamed_response_is_kept()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hi."));
        HttpClient client = await server.ReadyClientAsync();
        JsonElement response = (await StreamAsync(client, "\"input\":\"Hi\""))[^1].GetProperty("response");
        string kept = await client.GetStringAsync($"/v1/responses/{Text(response, "id")}", TestContext.Current.CancellationToken);
        Assert.Equal(response.GetRawText(), kept);
    }

    private static async IAsyncEnumerable<TokenEvent> Failing(Task mayFail)
    {
        foreach (int id in ServerUnderTest.Tokenizer.EncodeText("Hello there"))
            yield return new TokenEvent { SequenceIndex = 0, TokenId = id };
        await mayFail;
        yield return new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Error, Error = "a step failed" };
    }

    private static async Task<JsonElement[]> StreamAsync(FakeEngine engine, string fields)
    {
        await using var server = new ServerUnderTest(engine);
        return await StreamAsync(await server.ReadyClientAsync(), fields);
    }

    private static async Task<JsonElement[]> StreamAsync(HttpClient client, string fields)
    {
        HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", "{\"model\":\"gemma-4-demo\",\"stream\":true," + fields + "}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return Sse.NamedFrames(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
