using System.Net;
using System.Net.Sockets;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

/// <summary>A proxy would connect where no one checks. Alone, as the default proxy is the process's.</summary>
[Collection("alone")]
public sealed class ProxyTests
{
    [Fact]
    public async Task Proxy_of_the_environment_is_not_used()
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        IWebProxy before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy($"http://{proxy.LocalEndpoint}"); // what HTTP_PROXY makes of it
        try
        {
            await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
            Assert.Equal("hello"u8.ToArray(), await fetcher.FetchAsync("http://example.org/a.png", MediaKind.Image, "part", TestContext.Current.CancellationToken));
            Assert.Equal([$"{TestSite.PublicAddress}:80"], site.Connected);
            Assert.False(proxy.Pending());
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }
}

/// <summary>Tests that change what belongs to the process: no other test runs beside them.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
