using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

/// <summary>Video files through the machine's ffmpeg; those that need it skip where there is none.</summary>
public sealed class VideoReaderTests
{
    private const string Part = "messages[0].content[0].video_url.url";

    private const string TellsOfVideo = """
        #!/bin/sh
        echo '{"streams":[{"width":96,"height":48,"avg_frame_rate":"8/1","nb_read_packets":"8"}]}'

        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("mp4")]
    [InlineData("mkv")]
    [InlineData("avi")]
    public async Task Frames_are_evenly_spread_in_order_and_stamped(string extension)
    {
        TestVideo.RequireTools();
        // Grey that brightens by 8 levels a frame tells which frame is which.
        byte[] video = await TestVideo.MakeAsync("color=black:size=96x48:rate=8:duration=3,format=gray,geq=lum='16+8*N'", extension);
        ImmutableArray<VideoFrame> frames = await ReadAsync(video, 6);
        Assert.Equal([0, 0.5, 1, 1.5, 2, 2.5], frames.Select(f => f.Time.TotalSeconds));
        Assert.All(frames, f => Assert.Equal((96, 48), (f.Image.SourceWidth, f.Image.SourceHeight)));
        float[] grey = [.. frames.Select(f => f.Image.Patches.Span[0])];
        for (int i = 1; i < grey.Length; i++)
            Assert.InRange(grey[i] - grey[i - 1], 0.08, 0.2); // four frames are 32 levels of studio range, 0.146
    }

    [Fact]
    public async Task Frames_are_bit_for_bit_the_images_that_a_video_was_made_of()
    {
        TestVideo.RequireTools();
        byte[] strip = TestMedia.Read("strip.png"); // which fits a video: sides of landscape.png are odd
        VideoFrame frame = Assert.Single(await ReadAsync(await TestVideo.OfImagesAsync(strip), 32));
        PreparedImage image = ImagePreprocessor.Prepare(strip, 70, ImageLimits.Default, Part, Token);
        Assert.Equal((image.Width, image.Height), (frame.Image.Width, frame.Image.Height));
        Assert.Equal(image.Patches, frame.Image.Patches);
    }

    [Fact]
    public async Task Short_video_gives_every_frame_and_the_same_video_the_same_hashes()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync("testsrc=size=96x48:rate=5:duration=1");
        ImmutableArray<VideoFrame> frames = await ReadAsync(video, 32);
        Assert.Equal(5, frames.Length);
        ImmutableArray<VideoFrame> again = await ReadAsync(video, 32);
        Assert.Equal(frames.Select(f => f.Image.ContentHash), again.Select(f => f.Image.ContentHash));
    }

    [Fact]
    public async Task Large_frames_are_shrunk_before_they_leave_the_decoder()
    {
        TestVideo.RequireTools();
        VideoFrame frame = Assert.Single(await ReadAsync(await TestVideo.MakeAsync("testsrc=size=4800x600:rate=1:duration=1"), 1));
        Assert.Equal((4096, 512), (frame.Image.SourceWidth, frame.Image.SourceHeight));
    }

    [Fact]
    public async Task Video_with_too_many_pixels_is_refused()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync();
        RequestRejectedException e = await RefusedAsync(video, new MediaAccessOptions { MaxImagePixels = 4000 });
        Assert.Contains("96x48", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> NoVideos() => new()
    {
        "",
        "hello",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/hostname\n#EXT-X-ENDLIST\n", // a playlist, which names another file
        "ffconcat version 1.0\nfile /etc/hostname\n",
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"/>",
    };

    [Theory]
    [MemberData(nameof(NoVideos))]
    public async Task File_that_is_no_video_is_refused(string text)
    {
        TestVideo.RequireTools();
        await RefusedAsync(Encoding.UTF8.GetBytes(text), new MediaAccessOptions());
    }

    [Fact]
    public async Task Playlist_that_names_a_video_is_not_followed()
    {
        TestVideo.RequireTools();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-test-video-");
        try
        {
            // ffmpeg by itself would read it: file: is allowed, and the name is that of a video.
            string other = Path.Combine(folder.FullName, "other.ts");
            await File.WriteAllBytesAsync(other, await TestVideo.MakeAsync(extension: "ts"), Token);
            string playlist = $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{other}\n#EXT-X-ENDLIST\n";
            await RefusedAsync(Encoding.UTF8.GetBytes(playlist), new MediaAccessOptions());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Damaged_video_is_refused_or_shown_as_far_as_it_goes()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync(extension: "mkv");
        ImmutableArray<VideoFrame> frames = await ReadAsync(video[..(video.Length * 2 / 3)], 32);
        Assert.InRange(frames.Length, 1, 31);
        await RefusedAsync(video[..40], new MediaAccessOptions());
    }

    [Theory]
    [InlineData("#!/bin/sh\nexec sleep 60\n", "#!/bin/sh\nexit 0\n")]
    [InlineData(TellsOfVideo, "#!/bin/sh\nexec sleep 60\n")]
    [InlineData(TellsOfVideo, "#!/bin/sh\nprintf BM\nexec sleep 60\n")]
    public async Task Program_that_says_nothing_is_killed_at_the_time_limit(string prober, string decoder)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs are shell scripts");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-test-video-");
        try
        {
            Program(folder, "ffprobe", prober);
            Program(folder, "ffmpeg", decoder);
            using var reader = new VideoReader(new MediaAccessOptions { VideoTimeout = TimeSpan.FromSeconds(0.5) }, TimeProvider.System, folder.FullName);
            long start = Stopwatch.GetTimestamp();
            RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(
                () => reader.ReadAsync([1], 4, Part, (bitmap, limits, _) => Task.FromResult(Prepared(bitmap, limits)), Token));
            Assert.Contains("longer than 0.5 s", e.Message, StringComparison.Ordinal);
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.4, 20);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Slow_video_is_refused_at_its_time_limit_and_its_program_and_folder_are_gone()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync();
        string[] before = TestVideo.Folders();
        long start = Stopwatch.GetTimestamp();
        RequestRejectedException e = await RefusedAsync(
            video, new MediaAccessOptions { VideoTimeout = TimeSpan.FromSeconds(1) }, async (bitmap, limits, token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return Prepared(bitmap, limits);
            });
        Assert.Contains("longer than 1 s", e.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 20);
        await TestVideo.AssertNothingIsLeftAsync(before);
    }

    [Fact]
    public async Task Caller_who_leaves_ends_the_reading()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync();
        using var left = new CancellationTokenSource();
        using var reader = Reader(new MediaAccessOptions());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(
            video, 4, Part, async (_, _, token) =>
            {
                await left.CancelAsync();
                token.ThrowIfCancellationRequested();
                throw new InvalidOperationException("not told");
            }, left.Token));
    }

    [Fact]
    public async Task Without_ffmpeg_the_refusal_says_what_to_do()
    {
        using var reader = new VideoReader(new MediaAccessOptions(), TimeProvider.System, searchPath: "");
        ApiException e = await Assert.ThrowsAsync<ApiException>(
            () => reader.ReadAsync([1, 2, 3], 4, Part, (bitmap, limits, _) => Task.FromResult(Prepared(bitmap, limits)), Token));
        Assert.Equal(Part, e.Error.Param);
        Assert.Contains("Install ffmpeg", e.Message, StringComparison.Ordinal);
    }

    private static VideoReader Reader(MediaAccessOptions options) => new(options, TimeProvider.System, Environment.GetEnvironmentVariable("PATH"));

    private static async Task<ImmutableArray<VideoFrame>> ReadAsync(byte[] video, int numFrames)
    {
        using VideoReader reader = Reader(new MediaAccessOptions());
        return await reader.ReadAsync(video, numFrames, Part, (bitmap, limits, _) => Task.FromResult(Prepared(bitmap, limits)), Token);
    }

    private static async Task<RequestRejectedException> RefusedAsync(byte[] video, MediaAccessOptions options, VideoReader.Preparer? prepare = null)
    {
        using VideoReader reader = Reader(options);
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => reader.ReadAsync(
            video, 4, Part, prepare ?? ((bitmap, limits, _) => Task.FromResult(Prepared(bitmap, limits))), Token));
        Assert.Equal(("invalid_video", Part), (e.Code, e.Param));
        return e;
    }

    private static PreparedImage Prepared(byte[] bitmap, ImageLimits limits) => ImagePreprocessor.Prepare(bitmap, 70, limits, Part, Token);

    private static void Program(DirectoryInfo folder, string name, string script)
    {
        string file = Path.Combine(folder.FullName, name);
        File.WriteAllText(file, script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
