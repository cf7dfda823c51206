using System.Net;
using System.Text.RegularExpressions;
using Gemma4.Server.Page;
using Gemma4.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Access;

/// <summary>Where keys are set, every endpoint asks for one that does not say that it needs none.</summary>
public sealed partial class EndpointKeysTests
{
    private static readonly string[] Open =
    [
        "GET /health", "HEAD /health", "GET /health/ready", "HEAD /health/ready", "GET /health/live", "HEAD /health/live", "GET /health/started", "HEAD /health/started", "GET /", "HEAD /", "GET /openapi/v1.json",
        .. PageFile.LoadAll().Where(file => file.Name != PageFile.Index).Select(file => $"GET /page/{file.Name}"),
    ];

    [Fact]
    public async Task Every_endpoint_asks_for_a_key_but_those_that_say_otherwise()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:ApiKeys:0", "sk-right-key"));
        using HttpClient client = await server.ReadyClientAsync();
        var open = new List<string>();
        int numClosed = 0;
        foreach (RouteEndpoint endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string pattern = endpoint.RoutePattern.RawText!.Trim('/');
            string path = "/" + Parameter().Replace(pattern, name => name.Value.Contains("document", StringComparison.Ordinal) ? "v1" : "x");
            foreach (string method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
                if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
                {
                    Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path} answered {response.StatusCode} without a key");
                    numClosed++;
                }
                else
                {
                    Assert.True(response.StatusCode == HttpStatusCode.OK, $"{method} {path} answered {response.StatusCode} without a key");
                    open.Add($"{method} {path}");
                }
            }
        }
        Assert.Equal(Open.Order(), open.Order());
        Assert.True(numClosed >= 15, $"only {numClosed} endpoints were asked");
    }

    [Fact]
    public async Task Metrics_need_no_key_where_the_settings_say_so_and_the_rest_does()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:ApiKeys:0", "sk-right-key"), ("Server:OpenMetrics", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/metrics", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("/swagger/index.html", HttpStatusCode.OK)]
    [InlineData("/nothing", HttpStatusCode.Unauthorized)]
    [InlineData("/v1/nothing", HttpStatusCode.Unauthorized)]
    public async Task The_documentation_page_needs_no_key_and_paths_that_lead_nowhere_do(string path, HttpStatusCode expected)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:ApiKeys:0", "sk-right-key"));
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(expected, (await client.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
