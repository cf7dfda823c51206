using System.Net;
using System.Net.Http.Headers;
using Gemma4.Server.Tests.Pipeline;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Access;

/// <summary>Keys and browsers.</summary>
public sealed class AccessTests
{
    private static readonly (string, string)[] Keys = [("Server:ApiKeys:0", "sk-right-key"), ("Server:ApiKeys:1", "sk-other")];

    [Fact]
    public async Task Without_a_configured_key_any_key_and_none_are_let_in()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "anything");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("sk-right-key")]
    [InlineData("sk-other")]
    public async Task A_configured_key_is_let_in(string key)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Keys);
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("sk-wrong-key", "invalid_api_key")]
    public async Task Other_requests_are_401_before_their_body_is_read(string? key, string? code)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Keys);
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", "{");
        await ErrorShapeTests.AssertErrorAsync(response, 401, "invalid_request_error", null, code, null);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("sk-wrong-key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_is_there_only_for_the_key_that_made_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello."), Keys);
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-right-key");
        using HttpResponseMessage made = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi"}""");
        string id = (await ServerUnderTest.JsonAsync(made)).GetProperty("id").GetString()!;
        string next = $$"""{"model":"gemma-4-demo","input":"And?","previous_response_id":"{{id}}"}""";

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-other");
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/v1/responses/{id}", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync($"/v1/responses/{id}", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await ServerUnderTest.PostAsync(client, "/v1/responses", next)).StatusCode);

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-right-key");
        Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/responses", next)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/v1/responses/{id}", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Health_needs_no_key()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), Keys);
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Without_configured_origins_a_preflight_gets_no_leave()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpResponseMessage response = await PreflightAsync(server, "http://localhost");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_configured_origin_gets_leave_without_a_key()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(), [.. Keys, ("Server:CorsOrigins:0", "http://app.example")]);
        using HttpResponseMessage response = await PreflightAsync(server, "http://app.example");
        Assert.Equal("http://app.example", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        using HttpResponseMessage other = await PreflightAsync(server, "http://evil.example");
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static async Task<HttpResponseMessage> PreflightAsync(ServerUnderTest server, string origin)
    {
        using HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,x-stainless-os");
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
