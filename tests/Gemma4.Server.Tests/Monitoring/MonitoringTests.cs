using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Monitoring;

/// <summary>A server's process, and what <c>deploy/monitoring</c> and <c>docs/operations.md</c> make of its metrics.</summary>
public sealed partial class MonitoringTests(MonitoringTests.Server server) : IClassFixture<MonitoringTests.Server>
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c", Secret = "marmalade";

    private static string Operations { get; } = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "operations.md"));

    private static JsonElement Dashboard { get; } = JsonElement.Parse(File.ReadAllText(Path.Combine(PrometheusProcess.Folder, "dashboard.json")));

    [Fact]
    public async Task Promtool_finds_no_fault_in_configuration_rules_and_metrics()
    {
        PrometheusProcess.SkipWhereAbsent();
        await server.TrafficAsync();
        await PrometheusProcess.ToolAsync(null, "check", "config", "prometheus.yml");
        await PrometheusProcess.ToolAsync(null, "test", "rules", "alerts.test.yml");
        Assert.Empty(await PrometheusProcess.ToolAsync((await Scrape.OfAsync(server.Client)).Text, "check", "metrics"));
    }

    [Fact]
    public async Task Every_expression_of_dashboard_and_alerts_finds_what_a_real_Prometheus_has_scraped()
    {
        PrometheusProcess.SkipWhereAbsent();
        await using PrometheusProcess prometheus = await PrometheusProcess.StartAsync(server.Address);
        await EventuallyAsync(async () => (await prometheus.QueryAsync("gemma4_server_ready == 1")).GetArrayLength() == 1);
        await server.TrafficAsync();
        int before = (int)(await Scrape.OfAsync(server.Client)).Sum("gemma4_requests_total", "/v1/chat/completions");
        await EventuallyAsync(async () => Value(await prometheus.QueryAsync("""sum(gemma4_requests_total{http_route="/v1/chat/completions"})""")) == before);
        await server.TrafficAsync(); // a rate needs two scrapes of a series, between which something happened
        int after = (int)(await Scrape.OfAsync(server.Client)).Sum("gemma4_requests_total", "/v1/chat/completions");
        await EventuallyAsync(async () => Value(await prometheus.QueryAsync("""sum(gemma4_requests_total{http_route="/v1/chat/completions"})""")) == after);

        string[] expressions = [.. Expressions()];
        Assert.True(expressions.Length > 50);
        foreach (string expression in expressions)
        {
            string asked = expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);
            JsonElement result = await prometheus.QueryAsync(asked);
            Assert.True(result.GetArrayLength() > 0, $"nothing: {asked}");
            Assert.True(result.EnumerateArray().Any(series => series.GetProperty("value")[1].GetString() != "NaN"), $"no number: {asked}");
        }
        JsonElement[] rules = [.. (await prometheus.GetAsync("/api/v1/rules")).GetProperty("data").GetProperty("groups")[0].GetProperty("rules").EnumerateArray()];
        Assert.Equal(10, rules.Length);
        foreach (JsonElement rule in rules)
        {
            await EventuallyAsync(async () => (await prometheus.GetAsync("/api/v1/rules")).GetProperty("data").GetProperty("groups")[0].GetProperty("rules")
                .EnumerateArray().All(r => r.GetProperty("health").GetString() == "ok"));
            string query = rule.GetProperty("query").GetString()!;
            foreach (Match name in MetricName().Matches(query))
                Assert.True((await prometheus.QueryAsync($"count({name.Value})")).GetArrayLength() > 0, $"{name.Value} of {rule.GetProperty("name")} is not scraped");
        }
    }

    [Fact]
    public async Task Metrics_and_alerts_are_those_that_the_documentation_explains()
    {
        await server.TrafficAsync();
        Scrape scrape = await Scrape.OfAsync(server.Client);
        string[] explained = [.. DocumentedMetric().Matches(Operations).Select(m => m.Groups[1].Value)];
        Assert.Equal(scrape.Types.Keys.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
        foreach ((string name, string type) in scrape.Types)
            Assert.Matches($@"\| `{name}` \| {type} ", Operations);
        string alerts = File.ReadAllText(Path.Combine(PrometheusProcess.Folder, "alerts.yml"));
        Assert.All(AlertName().Matches(alerts), alert => Assert.Contains($"`{alert.Groups[1].Value}`", Operations, StringComparison.Ordinal));
        string used = string.Join('\n', Expressions()) + alerts;
        Assert.All(MetricName().Matches(used).Select(m => Suffix().Replace(m.Value, "")).Distinct().Except(["gemma4", "up"]), name => Assert.Contains(name, scrape.Types.Keys));
    }

    [Fact]
    public async Task Spans_and_metrics_go_to_a_collector_under_the_callers_trace_and_without_texts()
    {
        await server.TrafficAsync();
        byte[] trace = Convert.FromHexString(TraceId);
        await EventuallyAsync(() => Task.FromResult(Holds("decode"u8) && Holds("encode"u8) && Has("/v1/metrics", "gen_ai.server.time_to_first_token"u8)));
        Assert.All(
            (string[])["POST /v1/chat/completions", "generate", "queue", "prompt", "encode", "media", "constraint", "first token", "gen_ai.usage.output_tokens"],
            name => Assert.True(Holds(Encoding.UTF8.GetBytes(name)), $"no {name}"));
        Assert.True(Holds(trace));
        Assert.False(Holds(Encoding.UTF8.GetBytes(Secret)));
        Assert.False(Holds("/metrics"u8));

        bool Holds(ReadOnlySpan<byte> bytes) => Has("/v1/traces", bytes);

        bool Has(string path, ReadOnlySpan<byte> bytes) => server.Collector.Received(path).AsSpan().IndexOf(bytes) >= 0;
    }

    private static IEnumerable<string> Expressions() =>
        from panel in Dashboard.GetProperty("panels").EnumerateArray()
        where panel.TryGetProperty("targets", out _)
        from target in panel.GetProperty("targets").EnumerateArray()
        select target.GetProperty("expr").GetString();

    private static double Value(JsonElement result) => result.GetArrayLength() == 0
        ? double.NaN
        : double.Parse(result[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        for (int i = 0; !await isSo(); i++)
        {
            Assert.True(i < 600, "It never came to be.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    [GeneratedRegex(@"\b(gemma4|gen_ai|http_server|process|dotnet|up)(_[a-z0-9_]+)?\b(?=[{\[ )])")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"^\| `([a-z0-9_]+)` \| (?:counter|gauge|histogram) ", RegexOptions.Multiline)]
    private static partial Regex DocumentedMetric();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertName();

    /// <summary>The server's process with the demo model, and a collector.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private ServerProcess _process = null!;
        private int _numSchemas;

        internal Collector Collector { get; private set; } = null!;

        internal Uri Address { get; private set; } = null!;

        internal HttpClient Client { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Collector = await Collector.StartAsync();
            _process = new ServerProcess(
                [
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", Collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                    ("OTEL_BSP_SCHEDULE_DELAY", "200"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
                ],
                ["--port", "0", "--model", RepositoryPaths.DemoModel]);
            Address = await _process.ReadyAsync();
            Client = new HttpClient { BaseAddress = Address };
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _process.DisposeAsync();
            await Collector.DisposeAsync();
        }

        /// <summary>A request of each kind: whole, streamed, constrained, kept, with an image, refused; the constrained one twice, and one prompt twice.</summary>
        internal async Task TrafficAsync()
        {
            string image = TestMedia.DataUrl("thumb.png", "image/png");
            // Never the same twice: each is compiled, and kept for the second request.
            string schema = """{"type":"object","properties":{"NAME":{"type":"boolean"}}}""".Replace("NAME", $"a{_numSchemas++}", StringComparison.Ordinal);
            string format = """
                "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":SCHEMA}}
                """.Replace("SCHEMA", schema, StringComparison.Ordinal);
            string words = string.Concat(Enumerable.Repeat($"{Secret} and toast. ", 20));
            foreach (string body in (string[])
            [
                Chat($"\"{words}\"", ""), Chat($"\"{words}\"", "\"stream\":true"), Chat("\"x\"", format), Chat("\"y\"", format), Chat("\"kept\"", "\"store\":true"),
                Chat($$$"""[{"type":"image_url","image_url":{"url":"{{{image}}}"}},{"type":"text","text":"What is it?"}]""", ""), Chat("\"z\"", "\"temperature\":77"),
            ])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, null, "application/json") };
                request.Headers.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
                using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
                await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                Assert.Equal(body.Contains("77", StringComparison.Ordinal) && body.Contains("temperature", StringComparison.Ordinal) ? 400 : 200, (int)response.StatusCode);
            }
        }

        private static string Chat(string content, string more) => $$"""
            {"model":"{{ServerUnderTest.Model}}","max_tokens":8,"messages":[{"role":"user","content":{{content}}}]{{(more.Length > 0 ? "," + more : "")}}}
            """;
    }
}
