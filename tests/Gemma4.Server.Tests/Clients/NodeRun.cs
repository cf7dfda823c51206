using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Runs tests written for Node, which talk to a server that listens.</summary>
internal static class NodeRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>The folder of a set of them.</summary>
    public static string Folder(string name) => Path.Combine(RepositoryPaths.Root, "tests", "clients", name);

    /// <summary>Whether a set's package is installed.</summary>
    public static bool Has(string name, string package) => Directory.Exists(Path.Combine(Folder(name), "node_modules", package));

    /// <summary>Runs a file of tests, which must pass.</summary>
    /// <param name="name">The set.</param>
    /// <param name="tests">The file.</param>
    /// <param name="environment">What the tests are told.</param>
    public static async Task PassesAsync(string name, string tests, params (string Key, string Value)[] environment)
    {
        var start = new ProcessStartInfo("node", ["--test", tests]) { WorkingDirectory = Folder(name), RedirectStandardOutput = true };
        foreach ((string key, string value) in environment)
            start.Environment[key] = value;
        using Process node = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            string output = await node.StandardOutput.ReadToEndAsync(limit.Token);
            await node.WaitForExitAsync(limit.Token);
            Assert.True(node.ExitCode == 0, output);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
    }
}
