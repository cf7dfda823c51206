using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

/// <summary>Video files that mean harm: each is refused naming the part, in bounded time and memory. They need ffmpeg, and skip without.</summary>
public sealed class HostileVideoTests
{
    private const string Part = "messages[0].content[1].video_url.url";

    private static readonly byte[] ClusterId = [0x1F, 0x43, 0xB6, 0x75]; // where the frames of a Matroska file begin

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("testsrc=size=50000x300:rate=1:duration=1", "mkv", "ffv1", "50000x300")]
    [InlineData("testsrc=size=300x17000:rate=1:duration=1", "mkv", "ffv1", "300x17000")]
    [InlineData("testsrc=size=4000x4:rate=1:duration=1", "mkv", "ffv1", "4000x4")]
    [InlineData("testsrc=size=48x32:rate=1:duration=4,setpts=N*50000/TB", "mp4", "mpeg4", "24 hours")]
    public async Task Video_beyond_a_limit_is_refused_by_its_header(string source, string extension, string codec, string told)
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync(source, extension, codec);
        long start = Stopwatch.GetTimestamp();
        RequestRejectedException e = await RefusedAsync(video, new MediaAccessOptions());
        Assert.Contains(told, e.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task Video_without_frames_is_refused()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync(extension: "mkv");
        await RefusedAsync(video[..video.AsSpan().IndexOf(ClusterId)], new MediaAccessOptions());
        await RefusedAsync(await TestVideo.MakeAsync("sine=duration=1", "mkv", "pcm_s16le"), new MediaAccessOptions());
    }

    [Fact]
    public async Task Video_that_repeats_for_ever_is_seen_once()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync("testsrc=size=48x32:rate=5:duration=1", "gif", "gif");
        Assert.True(video.AsSpan().IndexOf("NETSCAPE2.0"u8) > 0); // the mark of an image that moves without end
        using VideoReader reader = Reader(new MediaAccessOptions());
        Assert.Equal(5, (await reader.ReadAsync(video, 32, Part, PrepareAsync, Token)).Length);
    }

    [Fact]
    public async Task Long_video_is_given_up_at_the_time_limit()
    {
        TestVideo.RequireTools();
        byte[] video = await TestVideo.MakeAsync("testsrc=size=640x360:rate=50:duration=40");
        long start = Stopwatch.GetTimestamp();
        RequestRejectedException e = await RefusedAsync(video, new MediaAccessOptions { VideoTimeout = TimeSpan.FromSeconds(0.25) });
        Assert.Contains("longer than 0.3 s", e.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task Video_that_needs_more_memory_than_it_may_have_is_refused()
    {
        TestVideo.RequireTools();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is bounded on Linux only");
        byte[] video = await TestVideo.MakeAsync("testsrc=size=8000x6000:rate=1:duration=1");
        await RefusedAsync(video, new MediaAccessOptions { VideoMemoryBytes = 256 * 1024 * 1024 });
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nURL\n#EXT-X-ENDLIST\n")]
    [InlineData("ffconcat version 1.0\nfile 'URL'\n")]
    [InlineData("<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><AdaptationSet><BaseURL>URL</BaseURL>"
        + "<Representation id=\"1\" mimeType=\"video/mp4\"/></AdaptationSet></Period></MPD>")]
    [InlineData("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\na=control:URL\r\n")]
    [InlineData("[playlist]\nFile1=URL\n")]
    [InlineData("RIFFURL")]
    public async Task Playlist_opens_no_connection(string playlist)
    {
        TestVideo.RequireTools();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string url = $"http://{listener.LocalEndpoint}/video.mp4";
        await RefusedAsync(Encoding.UTF8.GetBytes(playlist.Replace("URL", url, StringComparison.Ordinal)), new MediaAccessOptions());
        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("png", "png")]
    [InlineData("wav", "pcm_s16le")]
    [InlineData("jpg", "mjpeg")]
    public async Task File_of_another_kind_is_no_video(string extension, string codec)
    {
        TestVideo.RequireTools();
        string source = codec == "pcm_s16le" ? "sine=duration=1" : "testsrc=size=48x32:rate=1:duration=1";
        await RefusedAsync(await TestVideo.MakeAsync(source, extension, codec), new MediaAccessOptions());
    }

    private static VideoReader Reader(MediaAccessOptions options) => new(options, TimeProvider.System, Environment.GetEnvironmentVariable("PATH"));

    private static async Task<RequestRejectedException> RefusedAsync(byte[] video, MediaAccessOptions options)
    {
        using VideoReader reader = Reader(options);
        RequestRejectedException e = await Assert.ThrowsAsync<RequestRejectedException>(() => reader.ReadAsync(video, 4, Part, PrepareAsync, Token));
        Assert.Equal((RejectionReason.InvalidMedia, "invalid_video", Part), (e.Reason, e.Code, e.Param));
        return e;
    }

    private static Task<PreparedImage> PrepareAsync(byte[] bitmap, ImageLimits limits, CancellationToken cancellationToken) =>
        Task.FromResult(ImagePreprocessor.Prepare(bitmap, 70, limits, Part, cancellationToken));
}
