using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Server.Media;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Media;

/// <summary>
/// Damaged videos of every format through the machine's ffmpeg, for a bounded time. Each is shown as far as it goes or refused naming the
/// part; nothing else may happen, and nothing may be left behind.
/// </summary>
public sealed class VideoFileFuzzTests
{
    private const string Part = "messages[0].content[0].video_url.url";
    private const int NumFrames = 4, LeastRounds = 3;

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private static readonly (string Extension, string Codec)[] Kinds =
        [("mp4", "mpeg4"), ("mkv", "ffv1"), ("avi", "mjpeg"), ("ts", "mpeg2video"), ("flv", "flv"), ("gif", "gif"), ("mpg", "mpeg1video")];

    [Fact]
    public async Task Mutated_video_is_shown_or_refused()
    {
        TestVideo.RequireTools();
        using var reader = new VideoReader(
            new MediaAccessOptions { VideoTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System, Environment.GetEnvironmentVariable("PATH"));
        string[] before = TestVideo.Folders();
        int shown = 0, refused = 0;
        byte[][] videos = await Task.WhenAll(Kinds.Select(k => TestVideo.MakeAsync("testsrc=size=48x32:rate=25:duration=0.4", k.Extension, k.Codec)));
        var clock = Stopwatch.StartNew();
        for (int seed = 0; seed < LeastRounds || clock.Elapsed < Kinds.Length * FileMutator.Budget; seed++)
        {
            foreach (((string extension, _), byte[] video) in Kinds.Zip(videos))
            {
                byte[] mutant = seed == 0 ? video : FileMutator.Mutate(video, new Random(seed));
                int frames;
                try
                {
                    frames = await ReadAsync(reader, mutant).WaitAsync(Hang, TestContext.Current.CancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    throw new InvalidOperationException($"{extension}, seed {seed}: {e.Message}", e);
                }
                Assert.InRange(frames, seed == 0 ? NumFrames : 0, NumFrames);
                shown += frames > 0 ? 1 : 0;
                refused += frames > 0 ? 0 : 1;
            }
        }
        Assert.True(shown > 0 && refused > 0, $"{shown} shown, {refused} refused: the mutations do not bite, or bite all");
        await TestVideo.AssertNothingIsLeftAsync(before);
    }

    /// <returns>How many frames it gave; 0 where it was refused.</returns>
    private static async Task<int> ReadAsync(VideoReader reader, byte[] video)
    {
        try
        {
            ImmutableArray<VideoFrame> frames = await reader.ReadAsync(
                video, NumFrames, Part, (bitmap, limits, token) => Task.Run(() => ImagePreprocessor.Prepare(bitmap, 70, limits, Part, token), token),
                TestContext.Current.CancellationToken);
            Assert.All(frames, f => Assert.InRange(f.Time, TimeSpan.Zero, FrameSampling.LongestVideo));
            return frames.Length;
        }
        catch (RequestRejectedException e)
        {
            Assert.Equal((RejectionReason.InvalidMedia, Part), (e.Reason, e.Param));
            return 0;
        }
    }
}
