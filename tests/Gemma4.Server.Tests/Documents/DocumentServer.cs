using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>The server that the documents' commands talk to: the real one with the demo model.</summary>
public sealed class DocumentServer : IAsyncLifetime
{
    private readonly DemoServer _server = new();

    /// <summary>Where it listens.</summary>
    public string Url => _server.Url;

    /// <summary>The files of its model, as a hub has them.</summary>
    internal static IEnumerable<(string Path, byte[] Bytes)> ModelFiles() =>
        Directory.GetFiles(RepositoryPaths.DemoModel).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)));

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _server.InitializeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
