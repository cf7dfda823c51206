using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Clients for Python against the real server with the demo model: <c>tests/clients/python</c>, each file a client.</summary>
public sealed class PythonClientTests(PythonClientTests.Packages packages, DemoServer server)
    : IClassFixture<PythonClientTests.Packages>, IClassFixture<DemoServer>
{
    [Theory]
    [InlineData("openai_client.py", "site")]
    [InlineData("openai_client.py", "newest", "site")]
    [InlineData("anthropic_client.py", "site")]
    [InlineData("ollama_client.py", "site")]
    [InlineData("langchain_client.py", "site")]
    [InlineData("pydantic_ai_client.py", "site")]
    [InlineData("agents_client.py", "site")]
    [InlineData("instructor_client.py", "site")]
    public async Task The_client_for_Python_finds_what_it_expects(string file, params string[] folders)
    {
        PythonArchive archive = await packages.Archive.Value;
        string path = string.Join(':', folders.Select(f => Path.Combine(archive.Folder, "py", f)));
        (int exitCode, string output) = await archive.RunAsync(
            [Path.Combine(RepositoryPaths.Root, "tests", "clients", "python", file)],
            ("PYTHONPATH", path), ("BASE_URL", server.Url), ("MODEL", ServerUnderTest.Model), ("DEMO_MODEL", RepositoryPaths.DemoModel),
            ("OPENAI_AGENTS_DISABLE_TRACING", "1"), ("LANGSMITH_TRACING", "false"), ("OPENAI_API_KEY", "none"));
        Assert.True(exitCode == 0, output);
    }

    /// <summary>Unpacked once; a test that finds none skips.</summary>
    public sealed class Packages : IAsyncDisposable
    {
        internal Lazy<Task<PythonArchive>> Archive { get; } = new(() => PythonArchive.UnpackAsync("python.tar.xz"));

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            if (Archive is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                (await Archive.Value).Dispose();
        }
    }
}
