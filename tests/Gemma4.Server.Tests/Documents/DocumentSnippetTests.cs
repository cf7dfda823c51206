using Gemma4.Server.Tests.Clients;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>Every program of the documents is run as it stands there, against a server of the demo model.</summary>
public sealed class DocumentSnippetTests(DocumentServer server) : IClassFixture<DocumentServer>
{
    [Fact]
    public async Task Python_runs()
    {
        DocumentBlock[] blocks = [.. ProjectDocuments.In("python")];
        Assert.NotEmpty(blocks);
        using PythonArchive packages = await PythonArchive.UnpackAsync("python.tar.xz");
        using var folder = new DocumentWorkplace();
        foreach (DocumentBlock block in blocks)
        {
            string file = folder.Write("snippet.py", block.Text, server.Url);
            await RunAsync(block, folder, "python3", [file], ("PYTHONPATH", Path.Combine(packages.Folder, "py", "site")), ("LANGSMITH_TRACING", "false"));
        }
    }

    [Fact]
    public async Task JavaScript_runs()
    {
        DocumentBlock[] blocks = [.. ProjectDocuments.In("js")];
        Assert.NotEmpty(blocks);
        if (InstalledPrograms.Find("node") is null || !NodeRun.Has("node", "openai"))
            Assert.Skip("needs Node and the packages of tests/clients/node: npm ci --prefix tests/clients/node");
        using var folder = new DocumentWorkplace();
        folder.Link("node_modules", Path.Combine(NodeRun.Folder("node"), "node_modules"));
        foreach (DocumentBlock block in blocks)
            await RunAsync(block, folder, "node", [folder.Write("snippet.mjs", block.Text, server.Url)]);
    }

    /// <summary>A file is a program of its own for <c>dotnet run</c>, which fetches what its first lines name.</summary>
    [Fact]
    public async Task CSharp_runs()
    {
        DocumentBlock[] blocks = [.. ProjectDocuments.In("csharp")];
        Assert.NotEmpty(blocks);
        using var folder = new DocumentWorkplace();
        using var outside = new TemporaryFolder(); // below the repository its list of package versions would count
        foreach (DocumentBlock block in blocks)
            await RunAsync(block, folder, InstalledPrograms.Find("dotnet")!, ["run", outside.Write("Snippet.cs", DocumentWorkplace.At(block.Text, server.Url))]);
    }

    private static async Task RunAsync(DocumentBlock block, DocumentWorkplace folder, string program, string[] args, params (string Name, string Value)[] environment)
    {
        (int exitCode, string output) = await folder.RunAsync(program, args, TestContext.Current.CancellationToken, environment);
        Assert.True(exitCode == 0, $"{block.File}:{block.Line} ended with {exitCode}:\n{block.Text}\n\n{output}");
        if (block.PromisedAnswer is { } answer)
            Assert.True(output.Contains(answer, StringComparison.Ordinal), $"{block.File}:{block.Line} promises the answer '{answer}' and got:\n{output}");
    }
}
