using System.Globalization;
using System.Runtime.CompilerServices;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Every_request_is_counted_once_by_its_route_and_its_end()
    {
        // How a request ends is written in its token limit.
        using var server = new ServerUnderTest(new FakeEngine((request, cancelled) => request.MaxTokens switch
        {
            2 => Play(request, FinishReason.Length, cancelled),
            3 => Play(request, FinishReason.Error, cancelled),
            4 => Play(request, null, cancelled),
            _ => Play(request, FinishReason.Stop, cancelled),
        }))
        { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        for (int i = 0; i < 5; i++)
            await SendAsync(client, "/v1/chat/completions", Chat(9));
        for (int i = 0; i < 3; i++)
            await SendAsync(client, "/chat/completions", Chat(9, stream: true));
        for (int i = 0; i < 2; i++)
            await SendAsync(client, "/v1/chat/completions", Chat(2, stream: i > 0));
        for (int i = 0; i < 2; i++)
            await SendAsync(client, "/v1/chat/completions", Chat(3));
        for (int i = 0; i < 3; i++)
            await LeaveAsync(client, Chat(4, stream: true));
        foreach (string refused in (string[])[Chat(0, model: "nobody"), "{", Chat(-7), "[]"])
            await SendAsync(client, "/v1/chat/completions", refused);
        await SendAsync(client, "/v1/completions", $$"""{"model":"{{ServerUnderTest.Model}}","prompt":["one","two","three"],"max_tokens":9}""");
        await SendAsync(client, "/v1/messages", Chat(9));
        await SendAsync(client, "/api/chat", Chat(9));
        await SendAsync(client, "/v1/responses", $$"""{"model":"{{ServerUnderTest.Model}}","input":"hi","background":true}""");
        await SendAsync(client, "/v1/nowhere", "{}");

        Scrape scrape = await EventuallyAsync(client, s => s.Sum("gemma4_requests_total", "aborted") >= 3 && s.Sum("gemma4_requests_total", "/v1/responses/") >= 1);
        Assert.Equal(
            [
                "stop /v1/chat/completions 8", "length /v1/chat/completions 2", "aborted /v1/chat/completions 3", "refused /v1/chat/completions 4",
                "error /v1/chat/completions 2", "stop /v1/completions 3", "stop /v1/responses/ 1", "stop /v1/messages/ 1", "stop /api/chat 1",
            ],
            from end in (string[])["stop", "tool_calls", "length", "aborted", "refused", "error"]
            from series in scrape.Series
            where series.StartsWith($$"""gemma4_requests_total{finish_reason="{{end}}",""", StringComparison.Ordinal) && scrape[series] != 0
            let route = series.Split('"')[3]
            orderby Array.IndexOf(Routes, route), Array.IndexOf(Ends, end)
            select string.Create(CultureInfo.InvariantCulture, $"{end} {route} {scrape[series]}"));
        // The same, as OpenTelemetry has it, and HTTP's own count.
        Assert.Equal(19, scrape.Sum("gen_ai_server_request_duration_seconds_count", "/v1/chat/completions"));
        Assert.Equal(4, scrape.Sum("gen_ai_server_request_duration_seconds_count", "/v1/chat/completions", "error_type=\"4"));
        Assert.Equal(3, scrape.Sum("gen_ai_server_request_duration_seconds_count", "error_type=\"aborted\""));
        Assert.Equal(25, scrape.Sum("gen_ai_server_request_duration_seconds_count"));
        Assert.Equal(19, scrape.Sum("http_server_request_duration_seconds_count", "/v1/chat/completions"));
        // Who failed had no token; who left had some.
        Assert.Equal(13, scrape.Sum("gen_ai_server_time_to_first_token_seconds_count", "/v1/chat/completions"));
    }

    [Fact]
    public async Task Series_stay_and_counters_stand_still_while_nothing_happens()
    {
        using var server = new ServerUnderTest(Script.Saying("x")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        await SendAsync(client, "/v1/chat/completions", Chat(9));
        Scrape before = await Scrape.OfAsync(client);
        for (int i = 0; i < 30; i++)
            await Scrape.OfAsync(client);
        GC.Collect();
        Scrape after = await Scrape.OfAsync(client);
        string[] counted = [.. before.Series.Where(s => s.StartsWith("ge", StringComparison.Ordinal))];
        Assert.True(counted.Length > 100, before.Text);
        Assert.Equal(counted, after.Series.Where(s => s.StartsWith("ge", StringComparison.Ordinal)));
        Assert.All(counted, s => Assert.Equal(before[s], after[s]));
    }

    [Fact]
    public async Task Nothing_that_clients_send_becomes_a_series()
    {
        using var server = new ServerUnderTest(Script.Saying("x")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        await SendAsync(client, "/v1/chat/completions", Chat(9));
        await SendAsync(client, "/v1/chat/completions", Chat(9, model: "first"));
        await SendAsync(client, "/first", "{}");
        await client.SendAsync(new HttpRequestMessage(new HttpMethod("FIRST"), "/first"), TestContext.Current.CancellationToken);
        IReadOnlyList<string> before = (await Scrape.OfAsync(client)).Series;
        for (int i = 0; i < 20; i++)
        {
            await SendAsync(client, "/v1/chat/completions", Chat(9, model: $"secret{i}"));
            await SendAsync(client, $"/secret{i}/x", "{}");
            await client.SendAsync(new HttpRequestMessage(new HttpMethod($"SECRET{i}"), "/"), TestContext.Current.CancellationToken);
            using var head = new HttpRequestMessage(HttpMethod.Get, $"/v1/models/secret{i}") { Headers = { { "X-Request-Id", $"secret{i}" }, { "Host", $"secret{i}" } } };
            await client.SendAsync(head, TestContext.Current.CancellationToken);
        }
        Scrape after = await Scrape.OfAsync(client);
        Assert.DoesNotContain("secret", after.Text, StringComparison.OrdinalIgnoreCase);
        Assert.InRange(after.Series.Count - before.Count, 0, 3 * 21); // a histogram for models that are not there, one for methods, one for paths
    }

    [Fact]
    public async Task Counters_end_in_total_and_durations_have_buckets_from_a_millisecond_to_ten_minutes()
    {
        using var server = new ServerUnderTest(Script.Saying("x")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        await SendAsync(client, "/v1/chat/completions", Chat(9));
        Scrape scrape = await Scrape.OfAsync(client);
        Assert.All(scrape.Types.Where(t => t.Value == "counter"), t => Assert.EndsWith("_total", t.Key, StringComparison.Ordinal));
        string[] durations = [.. scrape.Types.Where(t => t.Value == "histogram" && t.Key.EndsWith("_seconds", StringComparison.Ordinal)).Select(t => t.Key)];
        Assert.Contains("gen_ai_server_time_to_first_token_seconds", durations);
        Assert.Contains("http_server_request_duration_seconds", durations);
        Assert.All(durations, name => Assert.All(
            (string[])["0.001", "0.01", "0.1", "1", "10", "600", "+Inf"],
            edge => Assert.Contains(scrape.Series, s => s.StartsWith($"{name}_bucket", StringComparison.Ordinal) && s.Contains($"le=\"{edge}\"", StringComparison.Ordinal))));
        Assert.DoesNotContain("otel_scope", scrape.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_is_0_until_the_model_is_loaded()
    {
        var mayLoad = new TaskCompletionSource();
        using var server = new ServerUnderTest(Script.Saying("x")) { TakesItsAnswers = false, MayLoad = mayLoad.Task };
        using HttpClient early = server.CreateClient();
        Scrape loading = await Scrape.OfAsync(early);
        Assert.Contains("gemma4_server_ready", loading.Series);
        Assert.Equal(0, loading["gemma4_server_ready"]);
        mayLoad.SetResult();
        using HttpClient client = await server.ReadyClientAsync();
        Scrape ready = await Scrape.OfAsync(client);
        Assert.Equal(1, ready["gemma4_server_ready"]);
        Assert.Equal(1, ready.Sum("gemma4_model_info", $"model=\"{ServerUnderTest.Model}\""));
    }

    [Fact]
    public async Task Media_and_constraints_are_measured_by_kind()
    {
        using var server = new ServerUnderTest(Script.Saying("{}")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        foreach (string url in (string[])[TestMedia.DataUrl("thumb.png", "image/png"), "data:image/png;base64,AAAA"])
            await SendAsync(client, "/v1/chat/completions", MediaRequests.Body("chat", MediaRequests.Image("chat", url)));
        for (int i = 0; i < 3; i++)
            await SendAsync(client, "/v1/completions", $$$"""{"model":"{{{ServerUnderTest.Model}}}","prompt":"x","structured_outputs":{"regex":"telemetry{0,3}"}}""");
        Scrape scrape = await Scrape.OfAsync(client);
        Assert.Equal(2, scrape.Sum("gemma4_media_preparation_duration_seconds_count", "media=\"image\""));
        Assert.Equal(1, scrape.Sum("gemma4_media_preparation_duration_seconds_count", "media=\"image\"", "error_type=\"refused\""));
        Assert.Equal(1, scrape.Sum("gemma4_constraint_compile_duration_seconds_count", "format=\"regex\""));
        Assert.Equal(2, scrape["gemma4_constraint_reuses_total"]);
        Assert.Equal(0, scrape["gemma4_media_held_bytes"]);
    }

    private static readonly string[] Routes = ["/v1/chat/completions", "/v1/completions", "/v1/responses/", "/v1/messages/", "/api/chat"];
    private static readonly string[] Ends = ["stop", "tool_calls", "length", "aborted", "refused", "error"];

    private static string Chat(int maxTokens, bool stream = false, string model = ServerUnderTest.Model) => $$"""
        {"model":"{{model}}","max_tokens":{{maxTokens}},"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"hi"}]}
        """;

    /// <summary>A few tokens, or none before an error, and the end; null waits to be aborted.</summary>
    private static async IAsyncEnumerable<TokenEvent> Play(
        GenerationRequest request, FinishReason? end, [EnumeratorCancellation] CancellationToken cancelled)
    {
        await Task.Yield();
        if (end != FinishReason.Error)
        {
            foreach (int id in ServerUnderTest.Tokenizer.Encode("Good morning"))
                yield return new TokenEvent { SequenceIndex = 0, TokenId = id };
        }
        if (end is null)
            await Task.Delay(Timeout.Infinite, cancelled);
        yield return new TokenEvent { SequenceIndex = 0, FinishReason = end, Error = end == FinishReason.Error ? "The step failed." : null };
    }

    private static async Task SendAsync(HttpClient client, string path, string json)
    {
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, json);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Leaves a stream once it has begun.</summary>
    private static async Task LeaveAsync(HttpClient client, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json, null, "application/json") };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        while (await body.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("\"content\":\"G", StringComparison.Ordinal))
            Assert.DoesNotContain("[DONE]", line, StringComparison.Ordinal);
    }

    private static async Task<Scrape> EventuallyAsync(HttpClient client, Func<Scrape, bool> isThere)
    {
        Scrape scrape;
        do
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            scrape = await Scrape.OfAsync(client);
        }
        while (!isThere(scrape));
        return scrape;
    }
}
