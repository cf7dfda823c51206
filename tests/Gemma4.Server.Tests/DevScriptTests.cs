using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>The script <c>dev</c> at the repository's root.</summary>
public sealed class DevScriptTests
{
    [Fact]
    public async Task An_unknown_verb_is_refused_with_the_list_of_verbs()
    {
        (int exitCode, string output, string errors) = await RunAsync("bogus");
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.StartsWith("'bogus' is not a verb of ./dev.", errors, StringComparison.Ordinal);
        Assert.Contains("./dev build\t", errors, StringComparison.Ordinal);
        Assert.Contains("./dev check\t", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("help")]
    [InlineData("--help")]
    public async Task Help_lists_the_verbs(params string[] args)
    {
        (int exitCode, string output, string errors) = await RunAsync(args);
        Assert.Equal(0, exitCode);
        Assert.Empty(errors);
        Assert.Contains("./dev build\t", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("bash", ["dev", .. args])
        {
            WorkingDirectory = RepositoryPaths.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancelled), errors = process.StandardError.ReadToEndAsync(cancelled);
        await process.WaitForExitAsync(cancelled);
        return (process.ExitCode, await output, await errors);
    }
}
