using Xunit;

namespace Gemma4.Server.Tests.Serving;

/// <summary>What a start says when it is done.</summary>
public sealed class ModelServiceTests
{
    [Theory]
    [InlineData("false", "{0}/")]
    [InlineData("true", "off")]
    public async Task The_last_line_of_a_start_says_where_page_api_and_swagger_are(string noPage, string page)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:NoPage", noPage));
        string address = (await server.ListeningAsync()).ToString().TrimEnd('/');
        Func<string?> ready = () => server.Log.Events.Select(e => e.RenderMessage().Replace("\"", "", StringComparison.Ordinal))
            .LastOrDefault(line => line.StartsWith("Ready:", StringComparison.Ordinal));
        for (int i = 0; ready() is null && i < 1000; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal($"Ready: page {page.Replace("{0}", address, StringComparison.Ordinal)}, API {address}/v1, Swagger {address}/swagger", ready());
    }
}
