using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class MediaProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(40, false)]
    [InlineData(1000, true)]
    public async Task Memory_beyond_the_limit_is_not_given(int megabytes, bool succeeds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is bounded on Linux only");
        // tail keeps what it may have to write.
        await using MediaProcess process = MediaProcess.Start(
            "/bin/sh", ["-c", "head -c 100000000 /dev/zero | tail -c 100000000 > /dev/null"], megabytes * 1_000_000L, Token);
        Assert.Equal(succeeds, await process.SucceedsAsync());
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "printf is a program of other systems");
        string[] hostile = ["$(touch x)", "`id`", "; exit 3", "\"", "'", "a b", "$0", "$@", "-v", "*"];
        await using MediaProcess process = MediaProcess.Start("/usr/bin/printf", ["%s\n", .. hostile], 1L << 30, Token);
        using var reader = new StreamReader(process.Output);
        Assert.Equal(string.Concat(hostile.Select(a => a + "\n")), await reader.ReadToEndAsync(Token));
        Assert.True(await process.SucceedsAsync());
    }

    [Fact]
    public async Task Environment_of_the_server_is_not_handed_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "env is a program of other systems");
        Environment.SetEnvironmentVariable("MEDIA_PROCESS_SECRET", "secret");
        await using MediaProcess process = MediaProcess.Start("/usr/bin/env", [], 1L << 30, Token);
        using var reader = new StreamReader(process.Output);
        string environment = await reader.ReadToEndAsync(Token);
        Assert.Contains("PATH=", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", environment, StringComparison.Ordinal);
    }
}
