using Xunit;

namespace Gemma4.Server.Tests.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public async Task Requests_are_counted_in_Prometheus_text()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        await client.GetAsync("/v1/models", TestContext.Current.CancellationToken);
        using HttpResponseMessage response = await client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("text/plain", response.Content.Headers.ContentType?.ToString(), StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_bucket", text, StringComparison.Ordinal);
    }
}
