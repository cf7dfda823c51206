using System.Net;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary><c>OPTIONS</c> and methods that a path does not have.</summary>
public sealed class MethodsTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "GET, POST")]
    [InlineData("/chat/completions", "GET, POST")]
    [InlineData("/v1/chat/completions/render", "POST")]
    [InlineData("/v1/chat/completions/chatcmpl-1", "DELETE, GET, POST")]
    [InlineData("/v1/conversations/conv_1", "DELETE, GET, POST")]
    [InlineData("/v1/models/any", "GET")]
    [InlineData("/v1/responses/resp_1", "DELETE, GET")]
    [InlineData("/v1/responses/input_tokens", "POST")]
    public async Task A_path_tells_its_own_methods_without_a_key(string path, string methods)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:ApiKeys:0", "key"));
        using HttpClient client = await server.ReadyClientAsync();
        using var options = new HttpRequestMessage(HttpMethod.Options, path);
        using HttpResponseMessage told = await client.SendAsync(options, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal($"{methods}, OPTIONS", string.Join(", ", told.Content.Headers.Allow));

        using var patch = new HttpRequestMessage(HttpMethod.Patch, path) { Headers = { { "Authorization", "Bearer key" } } };
        using HttpResponseMessage refused = await client.SendAsync(patch, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
        Assert.Equal(methods, string.Join(", ", refused.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/health/ready")]
    [InlineData("/health/live")]
    public async Task Probes_may_ask_for_the_head_alone_and_without_a_key(string path)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:ApiKeys:0", "key"));
        Uri address = await server.ListeningAsync();
        using var client = new HttpClient { BaseAddress = address };
        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        using HttpResponseMessage answer = await client.SendAsync(head, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_path_that_there_is_not_has_no_methods()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using var options = new HttpRequestMessage(HttpMethod.Options, "/v1/none");
        using HttpResponseMessage told = await client.SendAsync(options, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, told.StatusCode);
    }
}
