using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Access;

/// <summary>Pages of other sites, which reach the loopback through the browser of whoever looks at them.</summary>
public sealed class SiteMiddlewareTests
{
    [Theory]
    [InlineData("127.0.0.1", null, 200)]
    [InlineData("127.0.0.1:1234", null, 200)]
    [InlineData("127.8.9.1", null, 200)]
    [InlineData("localhost:8000", null, 200)]
    [InlineData("LOCALHOST", null, 200)]
    [InlineData("[::1]:8000", null, 200)]
    [InlineData("", null, 200)]
    [InlineData("evil.example", null, 403)]
    [InlineData("evil.example:8000", null, 403)]
    [InlineData("localhost.evil.example", null, 403)]
    [InlineData("127.0.0.1.evil.example", null, 403)]
    [InlineData("notlocalhost", null, 403)]
    [InlineData("192.168.1.5:8000", null, 403)]
    [InlineData("[fe80::1]", null, 403)]
    [InlineData("127.0.0.1", "http://localhost:3000", 200)]
    [InlineData("127.0.0.1", "https://127.0.0.1", 200)]
    [InlineData("127.0.0.1", "http://[::1]:8080", 200)]
    [InlineData("127.0.0.1", "https://evil.example", 403)]
    [InlineData("127.0.0.1", "http://localhost.evil.example", 403)]
    [InlineData("127.0.0.1", "http://localhost@evil.example", 403)]
    [InlineData("127.0.0.1", "null", 403)]
    [InlineData("127.0.0.1", "nonsense", 403)]
    [InlineData("127.0.0.1", "file://", 403)]
    public async Task On_the_loopback_without_a_key_only_its_own_names_are_let_in(string host, string? origin, int status)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        await AssertAsync(server, host, origin, status);
    }

    [Theory]
    [InlineData("evil.example", null, 403)]
    [InlineData("gemma.example", null, 200)]
    [InlineData("GEMMA.example:8443", null, 200)]
    [InlineData("127.0.0.1", "https://gemma.example", 200)]
    [InlineData("127.0.0.1", "https://app.example:8443", 200)]
    [InlineData("127.0.0.1", "https://app.example", 403)]
    public async Task What_is_named_is_let_in_too(string host, string? origin, int status)
    {
        await using var server = new ServerUnderTest(
            FakeEngine.Saying(), ("Server:AllowedHosts:0", "gemma.example"), ("Server:CorsOrigins:0", "https://app.example:8443"));
        await AssertAsync(server, host, origin, status);
    }

    [Fact]
    public async Task All_origins_are_let_in_where_CORS_lets_all_in()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:CorsOrigins:0", "*"));
        await AssertAsync(server, "127.0.0.1", "https://any.example", 200);
        await AssertAsync(server, "127.0.0.1", "null", 200);
        await AssertAsync(server, "any.example", null, 403);
    }

    [Theory]
    [InlineData("Server:ApiKeys:0", "sk-key", 401)] // the key keeps pages out
    [InlineData("Server:AllowedHosts:0", "*", 200)]
    [InlineData("Server:Host", "0.0.0.0", 200)] // it is reached by names that it cannot know
    public async Task Names_are_not_asked_for(string key, string value, int status)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), (key, value));
        await AssertAsync(server, "any.example", "https://any.example", status);
    }

    [Fact]
    public async Task Named_hosts_are_checked_beyond_the_loopback_too()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:Host", "0.0.0.0"), ("Server:AllowedHosts:0", "gemma.example"));
        await AssertAsync(server, "gemma.example", null, 200);
        await AssertAsync(server, "evil.example", null, 403);
    }

    [Fact]
    public async Task A_preflight_of_another_site_is_refused_without_leave()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        RawAnswer answer = await RawConnection.AskAsync(
            await server.ListeningAsync(),
            "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n");
        Assert.Equal(403, answer.Status);
        Assert.DoesNotContain("Access-Control-Allow-Origin", answer.Head, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AssertAsync(ServerUnderTest server, string host, string? origin, int status)
    {
        RawAnswer answer = await RawConnection.AskAsync(
            await server.ListeningAsync(), $"GET /v1/models HTTP/1.1\r\nHost: {host}\r\n{(origin is null ? "" : $"Origin: {origin}\r\n")}\r\n");
        Assert.True(answer.Status == status, $"{answer.Status}: {answer.Body}");
        if (status != 403)
            return;
        JsonElement error = answer.Error();
        Assert.Equal(origin is null || host != "127.0.0.1" ? "host_not_allowed" : "origin_not_allowed", error.GetProperty("code").GetString());
        Assert.Contains("--allowed-hosts", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
