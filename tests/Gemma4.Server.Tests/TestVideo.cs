using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>Videos that the machine's own ffmpeg makes.</summary>
internal static class TestVideo
{
    /// <summary>The machine's ffmpeg; skips the test where there is none.</summary>
    public static Ffmpeg RequireTools()
    {
        Ffmpeg? tools = Ffmpeg.Find(Environment.GetEnvironmentVariable("PATH"));
        Assert.SkipWhen(tools is null, "needs ffmpeg and ffprobe on the PATH");
        return tools;
    }

    /// <summary>The folders that videos lie in now while they are read.</summary>
    public static string[] Folders() => Directory.GetDirectories(Path.GetTempPath(), "gemma4-video-*");

    /// <summary>Every folder that is here and was not before goes: those of tests beside this one when they end, its own at once.</summary>
    public static async Task AssertNothingIsLeftAsync(string[] before)
    {
        string[] left = [.. Folders().Except(before)];
        for (int i = 0; i < 600 && left.Any(Directory.Exists); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(left, Directory.Exists);
    }

    /// <summary>A moving test image.</summary>
    /// <param name="source">A source of ffmpeg's <c>lavfi</c>; by default 4 s of 96 x 48 pixels at 8 frames a second.</param>
    /// <param name="extension">Of the file, which names its format.</param>
    /// <param name="codec">Of its one stream.</param>
    public static async Task<byte[]> MakeAsync(
        string source = "testsrc=size=96x48:rate=8:duration=4", string extension = "mp4", string codec = "mpeg4") =>
        await MakeAsync("video." + extension, _ => ["-f", "lavfi", "-i", source, "-c", codec]);

    /// <summary>A video of images, one a second, that keeps every pixel as it is.</summary>
    /// <param name="images">PNG files of one size.</param>
    public static async Task<byte[]> OfImagesAsync(params byte[][] images) => await MakeAsync("video.mkv", folder =>
    {
        for (int i = 0; i < images.Length; i++)
            File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), images[i]);
        return ["-framerate", "1", "-i", Path.Combine(folder, "%d.png"), "-c:v", "ffv1", "-pix_fmt", "bgr0"];
    });

    private static async Task<byte[]> MakeAsync(string name, Func<string, string[]> input)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-test-video-");
        try
        {
            string file = Path.Combine(folder.FullName, name);
            string[] arguments = ["-v", "error", .. input(folder.FullName), file];
            await using MediaProcess process = MediaProcess.Start(RequireTools().Decoder, arguments, 4L << 30, TestContext.Current.CancellationToken);
            Assert.True(await process.SucceedsAsync());
            return await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
