using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Clients for Node against the real server with the demo model: <c>tests/clients/node</c>.</summary>
public sealed class NodeClientTests(DemoServer server) : IClassFixture<DemoServer>
{
    [Theory]
    [InlineData("openai", "client.test.mjs")]
    [InlineData("openai", "kept.test.mjs")]
    [InlineData("ollama", "ollama.test.mjs")]
    public async Task The_client_for_Node_finds_what_it_expects(string package, string tests)
    {
        if (!NodeRun.Has("node", package))
            Assert.Skip("needs the packages of tests/clients/node: npm ci --prefix tests/clients/node");
        await NodeRun.PassesAsync("node", tests, ("BASE_URL", server.Url), ("MODEL", ServerUnderTest.Model));
    }
}
