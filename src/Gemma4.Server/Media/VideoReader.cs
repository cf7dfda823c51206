using System.Collections.Immutable;
using System.Globalization;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Media;

/// <summary>Takes evenly spread frames out of a video file with the <c>ffmpeg</c> of this machine, where it has one.</summary>
/// <remarks>
/// The file is hostile until decoded: it lies alone in a private folder under a name of ours, is read only by demuxers of videos (a
/// playlist could name other files), and nothing but <c>file:</c> can be opened from it. Frames come one by one through a pipe, each of
/// bounded size, and all of it has one time limit, at whose end the program is killed. Its memory is bounded too: a video of 770 KB made it
/// take 1.9 GB (49 million pixels, sixteen frames to refer to).
/// </remarks>
internal sealed class VideoReader(MediaAccessOptions options, TimeProvider time, string? searchPath) : IDisposable
{
    /// <summary>Longest side of a frame as it leaves the decoder; larger ones are shrunk there. A 4K video is not.</summary>
    private const int MaxSide = 4096;

    private const int MaxFrameBytes = (MaxSide * MaxSide * 3) + 1024;
    private const int MaxProbeBytes = 64 * 1024;
    private const string Demuxers = "mov,matroska,avi,ogg,mpegts,mpeg,flv,gif";

    // A video is worth several images: half the processors, so that images and the model keep the rest.
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>A video's frame as it comes out of the decoder, to be made ready before the next one is taken.</summary>
    public delegate Task<PreparedImage> Preparer(byte[] bitmap, ImageLimits limits, CancellationToken cancellationToken);

    /// <exception cref="ApiException">There is no ffmpeg; <paramref name="param"/> cannot be read here.</exception>
    public Ffmpeg Tools(string param) => Ffmpeg.Find(searchPath) ?? throw Fault.UnsupportedValue(
        param, "Unsupported value: this server cannot read video files, because it finds no ffmpeg. "
            + "Install ffmpeg there, or send the video's frames in a part of type 'video'.");

    /// <summary>Reads the frames.</summary>
    /// <param name="video">The file.</param>
    /// <param name="numFrames">Most frames to take.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="prepare">Makes a frame ready.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="RequestRejectedException">No readable video, over a limit, or too slow to decode.</exception>
    /// <exception cref="ApiException">There is no ffmpeg.</exception>
    public async Task<ImmutableArray<VideoFrame>> ReadAsync(
        byte[] video, int numFrames, string param, Preparer prepare, CancellationToken cancellationToken)
    {
        Ffmpeg tools = Tools(param);
        await _slots.WaitAsync(cancellationToken);
        DirectoryInfo? folder = null;
        using var timeout = new CancellationTokenSource(options.VideoTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            folder = Directory.CreateTempSubdirectory("gemma4-video-"); // for its owner alone
            string file = Path.Combine(folder.FullName, "video");
            await File.WriteAllBytesAsync(file, video, either.Token);
            VideoFacts facts = await ProbeAsync(tools.Prober, file, param, either.Token);
            return await DecodeAsync(tools.Decoder, file, facts, numFrames, param, prepare, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw MediaRejected.Video($"Decoding the video took longer than {options.VideoTimeout.TotalSeconds:0.#} s. Send a shorter or smaller one.", param);
        }
        finally
        {
            folder?.Delete(recursive: true);
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<VideoFacts> ProbeAsync(string prober, string file, string param, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", Demuxers, "-threads", "1",
            "-select_streams", "V:0", "-count_packets", "-show_entries", VideoFacts.Entries, "-of", "json", "-i", "file:" + file,
        ];
        await using MediaProcess process = MediaProcess.Start(prober, arguments, options.VideoMemoryBytes, cancellationToken);
        var answer = new byte[MaxProbeBytes];
        int length = await process.Output.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested(); // killed, its answer may be cut
        if (length == answer.Length || !await process.SucceedsAsync() || VideoFacts.Parse(answer.AsMemory(0, length)) is not { } facts)
            throw Unreadable(param);
        VideoLimits.Check(facts, options, param);
        return facts;
    }

    private async Task<ImmutableArray<VideoFrame>> DecodeAsync(
        string decoder, string file, VideoFacts facts, int numFrames, string param, Preparer prepare, CancellationToken cancellationToken)
    {
        ImmutableArray<int> wanted = FrameSampling.Indices(facts.NumFrames, numFrames);
        var limits = new ImageLimits { MaxEncodedBytes = MaxFrameBytes };
        var frames = ImmutableArray.CreateBuilder<VideoFrame>(wanted.Length);
        await using MediaProcess process = MediaProcess.Start(
            decoder, DecoderArguments(file, wanted), options.VideoMemoryBytes, cancellationToken);
        try
        {
            while (frames.Count < wanted.Length
                && await BitmapPipe.ReadAsync(process.Output, MaxFrameBytes, cancellationToken) is { } bitmap)
            {
                TimeSpan shown = FrameSampling.TimeOf(wanted[frames.Count], facts.FramesPerSecond);
                frames.Add(new VideoFrame(shown, await prepare(bitmap, limits, cancellationToken)));
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            cancellationToken.ThrowIfCancellationRequested(); // killed inside a frame
            throw Unreadable(param);
        }
        // A damaged end may leave fewer frames than packets: what is there is shown.
        return await process.SucceedsAsync() && frames.Count > 0 ? frames.ToImmutable() : throw Unreadable(param);
    }

    private string[] DecoderArguments(string file, ImmutableArray<int> wanted)
    {
        string chosen = string.Join('+', wanted.Select(i => string.Create(CultureInfo.InvariantCulture, $"eq(n,{i})")));
        string filter = string.Create(CultureInfo.InvariantCulture,
            $"select='{chosen}',scale=w='min({MaxSide},iw)':h='min({MaxSide},ih)':force_original_aspect_ratio=decrease");
        return
        [
            "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-format_whitelist", Demuxers, "-threads", "2", "-filter_threads", "2",
            "-max_pixels", Math.Min(options.MaxImagePixels, int.MaxValue).ToString(CultureInfo.InvariantCulture), "-i", "file:" + file,
            "-map", "0:V:0", "-vf", filter, "-fps_mode", "passthrough", "-frames:v", wanted.Length.ToString(CultureInfo.InvariantCulture),
            "-c:v", "bmp", "-pix_fmt", "bgr24", "-f", "image2pipe", "pipe:1",
        ];
    }

    private static RequestRejectedException Unreadable(string param) =>
        MediaRejected.Video("The file is not a video that can be read: it is damaged, empty, of an unsupported format, or needs too much memory.", param);
}
