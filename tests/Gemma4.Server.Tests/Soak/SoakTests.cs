using System.Diagnostics;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Soak;

/// <summary>The short form of <c>./dev soak</c>: the whole of it within a minute. What only shows after minutes (growth of memory) it cannot see.</summary>
[Collection("attacks")]
public sealed class SoakTests
{
    private const string Seconds = "40";

    /// <summary>Loading, answers alone, measuring and calming down come on top, on a machine that may be slow.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task A_server_at_twice_its_capacity_answers_or_says_clearly_why_not()
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Gemma4.LoadTest.dll"), "--soak", Seconds, "--server", Path.Combine(AppContext.BaseDirectory, "gemma4.dll")])
        {
            WorkingDirectory = RepositoryPaths.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process soak = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            Task<string> output = soak.StandardOutput.ReadToEndAsync(limit.Token), errors = soak.StandardError.ReadToEndAsync(limit.Token);
            await soak.WaitForExitAsync(limit.Token);
            Assert.True(soak.ExitCode == 0, await output + await errors);
            TestContext.Current.TestOutputHelper!.WriteLine(await output);
        }
        finally
        {
            if (!soak.HasExited)
                soak.Kill(entireProcessTree: true);
        }
    }
}
