using System.Text.RegularExpressions;
using Gemma4.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

public sealed partial class PathTests
{
    [Fact]
    public async Task Every_path_is_served_without_v1_too()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        int numPaths = 0;
        foreach (RouteEndpoint endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string pattern = endpoint.RoutePattern.RawText!.Trim('/');
            if (!pattern.StartsWith("v1/", StringComparison.Ordinal))
                continue;
            numPaths++;
            string path = Parameter().Replace(pattern["v1".Length..], "x");
            using var request = new HttpRequestMessage(new HttpMethod(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods[0]), path);
            using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("Invalid URL", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.True(numPaths >= 10, $"only {numPaths} paths were asked");
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
