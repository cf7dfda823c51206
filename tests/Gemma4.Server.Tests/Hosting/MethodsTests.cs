using System.Net;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary><c>OPTIONS</c> and methods that a path does not have.</summary>
public sealed class MethodsTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "POST")]
    [InlineData("/chat/completions", "POST")]
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
