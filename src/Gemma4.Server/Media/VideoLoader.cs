using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Media;

/// <summary>Fetches videos, as files or as lists of frames, and prepares the frames that the model will see.</summary>
internal sealed class VideoLoader(MediaFetcher fetcher, VideoReader reader, VideoCache cache, ImageLoader images)
{
    /// <summary>Refuses what cannot be read here, before anything is fetched.</summary>
    /// <exception cref="ApiException">A file, and no ffmpeg.</exception>
    public void Check(MediaSource.Video video)
    {
        if (video is MediaSource.VideoFile)
            reader.Tools(video.Param);
    }

    /// <summary>Most frames that a video will become.</summary>
    public static int NumFrames(MediaSource.Video video, MediaTraits model)
    {
        int wanted = video.NumFrames ?? Math.Min(model.VideoFrames, FrameSampling.MaxFrames);
        return video is MediaSource.VideoFrames list ? Math.Min(list.Urls.Count, wanted) : wanted;
    }

    /// <summary>Most soft tokens of each of them.</summary>
    public static int Budget(MediaSource.Video video, MediaTraits model) => video.MaxSoftTokens ?? model.VideoSoftTokens;

    /// <summary>Prepares a video's frames.</summary>
    /// <exception cref="Engine.Requests.RequestRejectedException">The video, or a frame of it, cannot be had or read.</exception>
    public async Task<PreparedMedium> LoadAsync(MediaSource.Video video, MediaTraits model, CancellationToken cancellationToken)
    {
        int budget = Budget(video, model);
        int numFrames = NumFrames(video, model);
        switch (video)
        {
            case MediaSource.VideoFile file:
                byte[] bytes = await fetcher.FetchAsync(file.Url, MediaKind.Video, file.Param, cancellationToken);
                return new PreparedMedium.Video(await ReadAsync(bytes, numFrames, budget, file.Param, cancellationToken));
            case MediaSource.VideoFrames list:
                var frames = ImmutableArray.CreateBuilder<VideoFrame>(numFrames);
                foreach (int i in FrameSampling.Indices(list.Urls.Count, numFrames))
                    frames.Add(new VideoFrame(list.Times[i], await images.LoadAsync(list.Urls[i], budget, $"{list.Param}[{i}]", cancellationToken)));
                return new PreparedMedium.Video(frames.MoveToImmutable());
            default:
                throw new UnreachableException();
        }
    }

    private async Task<ImmutableArray<VideoFrame>> ReadAsync(byte[] video, int numFrames, int budget, string param, CancellationToken cancellationToken)
    {
        var key = new VideoCache.Key(ImagePreprocessor.Hash(video, budget), numFrames);
        if (cache.Find(key) is { } known)
            return known;
        ImmutableArray<VideoFrame> frames = await reader.ReadAsync(
            video, numFrames, param, (bitmap, limits, token) => images.PrepareAsync(bitmap, budget, limits, param, token), cancellationToken);
        cache.Add(key, frames);
        return frames;
    }
}
