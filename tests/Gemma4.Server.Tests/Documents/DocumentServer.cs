using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>The server that the documents' commands talk to: the real one with the demo model.</summary>
public sealed class DocumentServer : IAsyncLifetime
{
    private readonly DemoServer _server = new();

    /// <summary>Where it listens.</summary>
    public string Url => _server.Url;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _server.InitializeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
