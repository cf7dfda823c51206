using System.Diagnostics;
using System.Globalization;

namespace Gemma4.LoadTest;

/// <summary>Videos that no server has seen before, made and decoded by the <c>ffmpeg</c> of this machine.</summary>
internal static class TestVideo
{
    /// <summary>Makes a video of a seeded hue: 1920x1080 at 30 frames a second, MPEG-4, moving everywhere.</summary>
    public static async Task CreateAsync(string file, int seconds, int seed, CancellationToken cancellationToken)
    {
        string source = string.Create(CultureInfo.InvariantCulture, $"testsrc2=size=1920x1080:rate=30:duration={seconds},hue=h={seed % 360}");
        await RunAsync(["-f", "lavfi", "-i", source, "-c:v", "mpeg4", "-b:v", "4M", "-y", file], cancellationToken);
    }

    /// <summary>How long decoding alone takes, with as many threads as the server gives it.</summary>
    public static async Task<TimeSpan> DecodeAsync(string file, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await RunAsync(["-threads", "2", "-i", file, "-map", "0:v:0", "-f", "null", "-"], cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using Process ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-nostdin", .. arguments]))!;
        await ffmpeg.WaitForExitAsync(cancellationToken);
        if (ffmpeg.ExitCode != 0)
            throw new InvalidOperationException($"ffmpeg ended with {ffmpeg.ExitCode}.");
    }
}
