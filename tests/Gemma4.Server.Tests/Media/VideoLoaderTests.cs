using System.Buffers.Binary;
using Gemma4.Server.Media;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gemma4.Server.Tests.Media;

/// <summary>Videos that shell scripts decode, which count how often they were asked.</summary>
public sealed class VideoLoaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gemma4-test-video-");

    private string Calls => Path.Combine(_folder.FullName, "calls");

    [Fact]
    public async Task Video_is_decoded_once_for_the_same_frames_of_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs are shell scripts");
        using var fetcher = new MediaFetcher(new MediaAccessOptions(), TimeProvider.System);
        using var threads = new DecodeThreads();
        using VideoReader reader = Reader();
        var loader = new VideoLoader(fetcher, reader, new VideoCache(1 << 28), new ImageLoader(fetcher, threads, Options.Create(new MediaAccessOptions())));

        PreparedMedium first = await LoadAsync(loader, "AAAA", 1, 70), again = await LoadAsync(loader, "AAAA", 1, 70);
        Assert.Equal(1, NumCalls());
        Assert.Equal(((PreparedMedium.Video)first).Frames, ((PreparedMedium.Video)again).Frames);
        await LoadAsync(loader, "AAAA", 1, 140);
        await LoadAsync(loader, "AAAA", 2, 70);
        await LoadAsync(loader, "BBBB", 1, 70);
        Assert.Equal(4, NumCalls());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private int NumCalls() => File.ReadAllLines(Calls).Length;

    private static Task<PreparedMedium> LoadAsync(VideoLoader loader, string base64, int numFrames, int budget)
    {
        var video = new MediaSource.VideoFile("data:video/mp4;base64," + base64, numFrames, budget, "part");
        return loader.LoadAsync(video, new MediaTraits(true, false, 280), TestContext.Current.CancellationToken);
    }

    private VideoReader Reader()
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, "frame"), Bitmap(48));
        Program("ffprobe", """echo '{"streams":[{"width":48,"height":48,"avg_frame_rate":"1/1","nb_read_packets":"8"}]}'""");
        Program("ffmpeg", $"echo called >> {Calls}; cat {_folder.FullName}/frame {_folder.FullName}/frame");
        return new VideoReader(new MediaAccessOptions(), TimeProvider.System, _folder.FullName);
    }

    private void Program(string name, string script)
    {
        string file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>A black square of 24 bits a pixel; its rows need no padding.</summary>
    private static byte[] Bitmap(int side)
    {
        const int head = 54;
        var file = new byte[head + (side * side * 3)];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in new[] { (2, file.Length), (10, head), (14, 40), (18, side), (22, side), (26, 1 | 24 << 16), (34, side * side * 3) })
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        return file;
    }
}
