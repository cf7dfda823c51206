using System.Collections.Immutable;
using Gemma4.Engine.Vision;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class VideoCacheTests
{
    private const int BytesOfFrame = 4000;

    [Fact]
    public void Video_is_found_by_its_content_its_budget_and_its_number_of_frames()
    {
        var cache = new VideoCache(10 * BytesOfFrame);
        ImmutableArray<VideoFrame> frames = Frames(2);
        cache.Add(Key("a"), frames);
        Assert.Equal(frames, cache.Find(Key("a")));
        Assert.Null(cache.Find(Key("b")));
        Assert.Null(cache.Find(Key("a", budget: 140)));
        Assert.Null(cache.Find(Key("a", numFrames: 3)));
    }

    [Fact]
    public void Video_that_was_not_asked_for_longest_goes_first()
    {
        var cache = new VideoCache(6 * BytesOfFrame);
        foreach (string video in new[] { "a", "b", "c" })
            cache.Add(Key(video), Frames(2));
        Assert.NotNull(cache.Find(Key("a")));
        cache.Add(Key("d"), Frames(3));
        Assert.Equal([true, false, false, true], new[] { "a", "b", "c", "d" }.Select(f => cache.Find(Key(f)) is not null));
    }

    [Fact]
    public void Video_larger_than_the_cache_drives_nothing_out()
    {
        var cache = new VideoCache(2 * BytesOfFrame);
        cache.Add(Key("a"), Frames(1));
        cache.Add(Key("b"), Frames(3));
        Assert.NotNull(cache.Find(Key("a")));
        Assert.Null(cache.Find(Key("b")));
        var none = new VideoCache(0);
        none.Add(Key("a"), Frames(1));
        Assert.Null(none.Find(Key("a")));
    }

    [Fact]
    public void Video_that_is_kept_twice_counts_once()
    {
        var cache = new VideoCache(4 * BytesOfFrame);
        cache.Add(Key("a"), Frames(2));
        cache.Add(Key("a"), Frames(2));
        cache.Add(Key("b"), Frames(2));
        Assert.NotNull(cache.Find(Key("a")));
    }

    private static VideoCache.Key Key(string video, int budget = 70, int numFrames = 2) =>
        new(ImagePreprocessor.Hash(System.Text.Encoding.UTF8.GetBytes(video), budget), numFrames);

    private static ImmutableArray<VideoFrame> Frames(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new VideoFrame(
            TimeSpan.FromSeconds(i), new PreparedImage(48, 48, 48, 48, 70, (UInt128)i, new float[BytesOfFrame / sizeof(float)])))];
}
