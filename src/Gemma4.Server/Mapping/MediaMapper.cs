using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping;

/// <summary>What every API says of media in the same words, to what it means: parts that are videos, and defaults for all media.</summary>
internal static class MediaMapper
{
    /// <summary>The types of parts that are videos.</summary>
    public static readonly string[] VideoTypes = ["video_url", "video"];

    /// <summary><c>mm_processor_kwargs</c>.</summary>
    public static MediaDefaults Defaults(MediaProcessing? processing) => new(processing?.MaxSoftTokens, processing?.AllowWindows);

    /// <summary>The video of a part that passed <see cref="CheckVideo"/>.</summary>
    /// <param name="part">The part. A budget beside the object that describes the video wins over one in it.</param>
    /// <param name="path">Where it is in the request.</param>
    public static MediaSource.Video Video(IVideoPart part, string path)
    {
        if (part.Type == "video_url")
        {
            VideoUrlObject file = part.VideoUrl!.Value;
            return new MediaSource.VideoFile(file.Url, file.NumFrames, part.MaxSoftTokens ?? file.MaxSoftTokens, $"{path}.video_url.url");
        }
        VideoFrames video = part.Video!;
        return new MediaSource.VideoFrames(
            video.Frames, Times(video), video.NumFrames, part.MaxSoftTokens ?? video.MaxSoftTokens, $"{path}.video.frames");
    }

    /// <summary>Checks a part of one of <see cref="VideoTypes"/> beyond its shape: the video is there, and if it is frames, has one clock that goes
    /// forward.</summary>
    /// <exception cref="ApiException">No video; two clocks, or one that does not fit the frames.</exception>
    public static void CheckVideo(IVideoPart part, string path)
    {
        string at = $"{path}.{part.Type}";
        if (part.Type == "video")
            CheckClock(part.Video ?? throw Fault.Missing(at), at);
        else if (part.VideoUrl is null)
            throw Fault.Missing(at);
    }

    private static TimeSpan[] Times(VideoFrames video) => video.Timestamps is { } times
        ? [.. times.Select(TimeSpan.FromSeconds)]
        : [.. Enumerable.Range(0, video.Frames.Length).Select(i => FrameSampling.TimeOf(i, video.Fps ?? FrameSampling.DefaultFramesPerSecond))];

    private static void CheckClock(VideoFrames video, string path)
    {
        if (video.Timestamps is not { } times)
            return;
        string at = $"{path}.timestamps";
        if (video.Fps is not null)
            throw Fault.Of($"'{path}.fps' and '{at}' cannot be used together.", at, "invalid_parameter_combination");
        if (times.Length != video.Frames.Length)
            throw Fault.Of($"Invalid '{at}': {times.Length} timestamps for {video.Frames.Length} frames.", at, "invalid_value");
        for (int i = 0; i < times.Length; i++)
        {
            if (times[i] < 0 || times[i] > FrameSampling.LongestVideo.TotalSeconds)
                throw Fault.Of($"Invalid '{at}[{i}]': expected seconds from 0 to {FrameSampling.LongestVideo.TotalSeconds:0}.", $"{at}[{i}]", "invalid_value");
            if (i > 0 && times[i] < times[i - 1])
                throw Fault.Of($"Invalid '{at}[{i}]': it is before the frame in front of it.", $"{at}[{i}]", "invalid_value");
        }
    }
}
