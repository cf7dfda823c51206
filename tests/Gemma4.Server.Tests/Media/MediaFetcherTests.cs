using System.Diagnostics;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class MediaFetcherTests
{
    private const string Part = "messages[0].content[1].image_url.url";
    private const string PublicHost = TestSite.PublicAddress;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Urls_are_not_fetched_by_default()
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        RequestRejectedException e = await RefusedAsync(site.Fetcher(new MediaAccessOptions()), "http://example.org/a.png");
        Assert.Equal("invalid_image_url", e.Code);
        Assert.Contains("data: URL", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, site.Connections);
    }

    [Fact]
    public async Task Allowed_url_is_fetched_from_the_address_that_was_checked()
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        Assert.Equal("hello"u8.ToArray(), await fetcher.FetchAsync("http://example.org/a.png", MediaKind.Image, Part, Token));
        Assert.Equal([$"{PublicHost}:80"], site.Connected);
        Assert.Equal(["example.org"], site.Resolved); // once: no second answer can lead elsewhere
        Assert.DoesNotContain("Cookie", site.Requests[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Authorization", site.Requests[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("traceparent", site.Requests[0], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Name_that_leads_elsewhere_the_second_time_is_checked_again()
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        await fetcher.FetchAsync("http://rebind.example.org/a.png", MediaKind.Image, Part, Token);
        site.Addresses = "127.0.0.1";
        Assert.Contains("not public", (await RefusedAsync(fetcher, "http://rebind.example.org/a.png")).Message, StringComparison.Ordinal);
        Assert.Equal([$"{PublicHost}:80"], site.Connected);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("100.64.0.1")] // carrier-grade NAT
    [InlineData("64:ff9b::7f00:1")] // NAT64
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("8.8.8.8,10.0.0.1")] // one private address among public ones
    public async Task Name_that_leads_to_a_private_address_is_refused_unconnected(string addresses)
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") { Addresses = addresses };
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        RequestRejectedException e = await RefusedAsync(fetcher, "http://rebind.example.org/a.png");
        Assert.Contains("not public", e.Message, StringComparison.Ordinal);
        Assert.Empty(site.Connected);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/x.png")]
    [InlineData("http://2130706433/x.png")] // 127.0.0.1 as one number
    [InlineData("http://0x7f.1/x.png")]
    [InlineData("http://0177.0.0.1/x.png")]
    [InlineData("http://[::1]/x.png")]
    [InlineData("http://[::ffff:127.0.0.1]/x.png")]
    [InlineData("http://[64:ff9b::7f00:1]/x.png")]
    [InlineData("http://user:secret@example.org/x.png")]
    [InlineData("ftp://example.org/x.png")]
    [InlineData("gopher://example.org/x.png")]
    [InlineData("file:///etc/passwd")]
    [InlineData("file://example.org/etc/passwd")]
    [InlineData("//example.org/x.png")]
    [InlineData("x.png")]
    [InlineData("http://")]
    [InlineData("")]
    public async Task Url_that_names_no_public_web_address_is_refused(string url)
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        RequestRejectedException e = await RefusedAsync(fetcher, url);
        Assert.Equal("invalid_image_url", e.Code);
        Assert.Empty(site.Connected);
    }

    [Theory]
    [InlineData("http://127.0.0.1/b.png", "not public")]
    [InlineData("http://[fd00::1]/b.png", "not public")]
    [InlineData("http://other.org/b.png", "not one that this server is allowed")]
    [InlineData("file:///etc/passwd", "Only http")]
    [InlineData("ftp://example.org/b.png", "Only http")]
    [InlineData("http://example.org/again", "more than 3 times")]
    public async Task Redirect_is_checked_like_a_first_url(string location, string message)
    {
        await using var site = new TestSite($"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        string[] allowed = location.Contains("other.org", StringComparison.Ordinal) ? ["example.org"] : [];
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true, AllowedUrls = allowed });
        Assert.Contains(message, (await RefusedAsync(fetcher, "http://example.org/a.png")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.org/a/b.png", "http://example.org/b.png", null)]
    [InlineData("https://example.org/a/b.png", "//other.org/b.png", "https://other.org/b.png")]
    [InlineData("https://example.org/a/b.png", "../c.png", "https://example.org/c.png")]
    [InlineData("http://example.org/a/b.png", "https://example.org/b.png", "https://example.org/b.png")]
    public void Redirect_from_https_to_http_is_refused(string url, string location, string? next)
    {
        Uri Follow() => MediaFetcher.Follow(new Uri(url), new Uri(location, UriKind.RelativeOrAbsolute), MediaKind.Image, Part);
        if (next is null)
            Assert.Contains("from https to http", Assert.Throws<RequestRejectedException>(Follow).Message, StringComparison.Ordinal);
        else
            Assert.Equal(next, Follow().ToString());
    }

    [Fact]
    public async Task Redirect_to_a_good_place_is_followed()
    {
        await using var site = new TestSite(
            "HTTP/1.1 301 Moved\r\nLocation: /b.png\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        Assert.Equal("hello"u8.ToArray(), await fetcher.FetchAsync("http://example.org/a.png", MediaKind.Image, Part, Token));
        Assert.StartsWith("GET /b.png ", site.Requests[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_is_counted_whatever_its_sender_states()
    {
        var options = new MediaAccessOptions { AllowUrls = true, MaxImageBytes = 100_000 };
        await using var honest = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nx");
        using MediaFetcher first = honest.Fetcher(options);
        Assert.Equal("image_file_too_large", (await RefusedAsync(first, "http://example.org/a.png")).Code);

        await using var endless = new TestSite("HTTP/1.1 200 OK\r\n\r\n" + new string('x', 300_000));
        using MediaFetcher second = endless.Fetcher(options);
        Assert.Equal("image_file_too_large", (await RefusedAsync(second, "http://example.org/a.png")).Code);
    }

    [Fact]
    public async Task Compressed_answer_is_taken_as_it_is_and_counted_as_it_comes()
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        Assert.Equal("hello"u8.ToArray(), await fetcher.FetchAsync("http://example.org/a.png", MediaKind.Image, Part, Token));
        Assert.DoesNotContain("Accept-Encoding", site.Requests[0], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Endless_header_is_left()
    {
        await using var site = new TestSite($"HTTP/1.1 200 OK\r\nX-Long: {new string('x', 100_000)}\r\n\r\nhello");
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        Assert.Equal("Error while downloading URL.", (await RefusedAsync(fetcher, "http://example.org/a.png")).Message);
    }

    [Fact]
    public async Task Server_that_sends_a_byte_now_and_then_is_left_too()
    {
        await using var site = new TestSite("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") { Drips = true };
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true, Timeout = TimeSpan.FromMilliseconds(500) });
        Assert.Equal("Timeout while downloading URL.", (await RefusedAsync(fetcher, "http://example.org/a.png")).Message);
    }

    [Theory]
    [InlineData("")] // accepts and says nothing
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")] // and stops in the body
    public async Task Slow_server_is_left(string beginning)
    {
        await using var site = new TestSite(beginning) { Hangs = true };
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true, Timeout = TimeSpan.FromMilliseconds(300) });
        var clock = Stopwatch.StartNew();
        RequestRejectedException e = await RefusedAsync(fetcher, "http://example.org/a.png");
        Assert.Equal("Timeout while downloading URL.", e.Message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", "Error while downloading")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "Error while downloading")]
    public async Task Failed_download_is_a_refusal(string answer, string message)
    {
        await using var site = new TestSite(answer);
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        Assert.Contains(message, (await RefusedAsync(fetcher, "http://example.org/a.png")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_who_leaves_is_not_told_of_a_timeout()
    {
        await using var site = new TestSite("") { Hangs = true };
        using MediaFetcher fetcher = site.Fetcher(new MediaAccessOptions { AllowUrls = true });
        using var left = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetcher.FetchAsync("http://example.org/a.png", MediaKind.Image, Part, left.Token));
    }

    private static async Task<RequestRejectedException> RefusedAsync(MediaFetcher fetcher, string url)
    {
        var e = await Assert.ThrowsAsync<RequestRejectedException>(() => fetcher.FetchAsync(url, MediaKind.Image, Part, Token));
        Assert.Equal((RejectionReason.InvalidMedia, Part), (e.Reason, e.Param));
        return e;
    }
}
