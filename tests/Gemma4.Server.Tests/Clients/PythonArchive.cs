using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Packages for Python as installed, from <c>../shared/clients</c>, in a folder of their own, which goes with them.</summary>
internal sealed class PythonArchive : IDisposable
{
    /// <summary>The packages' compiled parts are built for this one.</summary>
    private const string PythonVersion = "3.11";

    private PythonArchive(string folder) => Folder = folder;

    /// <summary>Where they are.</summary>
    public string Folder { get; }

    /// <summary>Unpacks an archive, or skips the test where it or its Python is missing.</summary>
    public static async Task<PythonArchive> UnpackAsync(string name)
    {
        string archive = RepositoryPaths.RequireShared($"clients/{name}");
        string? version = await VersionAsync();
        if (version != PythonVersion)
            Assert.Skip($"needs python3 of version {PythonVersion}; found {version ?? "none"}");
        var unpacked = new PythonArchive(Directory.CreateTempSubdirectory("python-").FullName);
        (int exitCode, string output) = await RunAsync("tar", ["xJf", archive, "-C", unpacked.Folder], unpacked.Folder);
        Assert.True(exitCode == 0, output);
        return unpacked;
    }

    /// <summary>Runs Python with the packages' folder as its own.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(string[] args, params (string Name, string Value)[] environment) =>
        RunAsync("python3", args, Folder, [("PYTHONDONTWRITEBYTECODE", "1"), .. environment]);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static async Task<string?> VersionAsync()
    {
        try
        {
            (int exitCode, string output) = await RunAsync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], Path.GetTempPath());
            return exitCode == 0 ? output.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string program, string[] args, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
