using System.Net;
using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>Every answer that is not 2xx, on every path, is one error object.</summary>
public sealed class ErrorShapeTests
{
    [Theory]
    [InlineData("POST", "/v1/chat/completion", 404, null, null, "Invalid URL (POST /v1/chat/completion)")]
    [InlineData("GET", "/nowhere", 404, null, null, "Invalid URL (GET /nowhere)")]
    [InlineData("POST", "/v1/models", 405, null, "method_not_allowed", "Not allowed to POST on /v1/models.")]
    [InlineData("GET", "/v1/models/nope", 404, "model", "model_not_found", "The model 'nope' does not exist. This server serves 'gemma-4-demo'.")]
    public async Task A_wrong_url_is_told_in_the_error_shape(string method, string path, int status, string? param, string? code, string message)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await client.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), path), TestContext.Current.CancellationToken);
        await AssertErrorAsync(response, status, "invalid_request_error", param, code, message);
    }

    [Theory]
    [InlineData("/v1/embeddings", "does not make embeddings")]
    [InlineData("/embeddings", "does not make embeddings")]
    [InlineData("/v1/images/generations", "does not make images")]
    [InlineData("/v1/moderations", "does not moderate")]
    [InlineData("/v1/rerank", "does not rank documents")]
    [InlineData("/rerank", "does not rank documents")]
    [InlineData("/v1/audio/speech", "does not speak")]
    [InlineData("/v1/fine_tuning/jobs", "does not train")]
    [InlineData("/v1/messages/batches", "does not run batches of messages")]
    public async Task An_API_that_this_server_does_not_have_is_named_with_what_to_use(string path, string words)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, "{}");
        string message = (await ServerUnderTest.JsonAsync(response)).GetProperty("error").GetProperty("message").GetString()!;
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.StartsWith($"This server {words}; ", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"prompt\":\"a\",}", null)]
    [InlineData("", null)]
    [InlineData("{'prompt':'a'}", null)]
    [InlineData("{\"prompt\":\"a\tb\"}", null)]
    [InlineData("{\"prompt\":\"\\ud83d\"}", null)]
    [InlineData("{\"prompt\":\"\",\"ignored\":{\"\\uD83D\":1}}", null)]
    public async Task What_is_not_JSON_is_refused_in_OpenAIs_words(string body, string? param)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", body);
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith("We could not parse the JSON body of your request.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(param, error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Nesting_without_end_is_refused()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        string body = "{\"x\":" + new string('[', 20000) + new string(']', 20000) + "}";
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Another_content_type_is_a_400_as_OpenAI_has_it(string contentType)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", "{}", contentType);
        await AssertErrorAsync(response, 400, "invalid_request_error", null, "unsupported_content_type", null);
    }

    [Fact]
    public async Task A_charset_beside_the_content_type_is_accepted()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response =
            await ServerUnderTest.PostAsync(client, "/tokenize", "\ufeff{\"prompt\":\"hi\"}", "application/json; charset=utf-8");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_413_in_the_error_shape()
    {
        // Over a socket: the limit is Kestrel's.
        await using var server = new ServerUnderTest(FakeEngine.Saying(), ("Server:MaxRequestBodyBytes", "2000"));
        server.UseKestrel();
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", $$"""{"prompt":"{{new string('a', 5000)}}"}""");
        await AssertErrorAsync(response, 413, "invalid_request_error", null, "request_too_large", null);
    }

    [Fact]
    public async Task Answers_carry_the_clients_request_id_or_a_fresh_one()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere");
        request.Headers.Add("X-Request-Id", "mine-1");
        using HttpResponseMessage echoed = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("mine-1", Assert.Single(echoed.Headers.GetValues("x-request-id")));
        using HttpResponseMessage fresh = await client.GetAsync("/v1/models", TestContext.Current.CancellationToken);
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(fresh.Headers.GetValues("x-request-id")));
        Assert.True(fresh.Headers.Contains("openai-processing-ms"));
    }

    [Fact]
    public async Task While_the_model_loads_the_API_answers_503_with_retry_after()
    {
        var gate = new TaskCompletionSource();
        await using var server = new ServerUnderTest(FakeEngine.Saying()) { MayLoad = gate.Task };
        using HttpClient client = server.CreateClient();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/tokenize", "{}");
        await AssertErrorAsync(response, 503, "server_error", null, null, null);
        Assert.NotNull(response.Headers.RetryAfter);
        gate.SetResult();
    }

    internal static async Task AssertErrorAsync(HttpResponseMessage response, int status, string type, string? param, string? code, string? message)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(p => p.Name));
        Assert.Equal((type, param, code), (error.GetProperty("type").GetString(), error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
        if (message is not null)
            Assert.Equal(message, error.GetProperty("message").GetString());
    }
}
