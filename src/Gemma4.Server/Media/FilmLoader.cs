using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Vision;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Media;

/// <summary>Fetches films, as files or as lists of frames, and prepares the frames that the model will see.</summary>
internal sealed class FilmLoader(MediaFetcher fetcher, FilmReader reader, FilmCache cache, PictureLoader pictures)
{
    /// <summary>Refuses what cannot be read here, before anything is fetched.</summary>
    /// <exception cref="ApiException">A file, and no ffmpeg.</exception>
    public void Check(MediaSource.Video film)
    {
        if (film is MediaSource.VideoFile)
            reader.Tools(film.Param);
    }

    /// <summary>Most frames that a film will become.</summary>
    public static int NumFrames(MediaSource.Video film, MediaTraits model)
    {
        int wanted = film.NumFrames ?? Math.Min(model.VideoFrames, FrameSampling.MaxFrames);
        return film is MediaSource.VideoFrames list ? Math.Min(list.Urls.Count, wanted) : wanted;
    }

    /// <summary>Most soft tokens of each of them.</summary>
    public static int Budget(MediaSource.Video film, MediaTraits model) => film.MaxSoftTokens ?? model.VideoSoftTokens;

    /// <summary>Prepares a film's frames.</summary>
    /// <exception cref="Engine.Requests.RequestRejectedException">The film, or a frame of it, cannot be had or read.</exception>
    public async Task<PreparedMedium> LoadAsync(MediaSource.Video film, MediaTraits model, CancellationToken cancellationToken)
    {
        int budget = Budget(film, model);
        int numFrames = NumFrames(film, model);
        switch (film)
        {
            case MediaSource.VideoFile file:
                byte[] bytes = await fetcher.FetchAsync(file.Url, MediaKind.Video, file.Param, cancellationToken);
                return new PreparedMedium.Film(await ReadAsync(bytes, numFrames, budget, file.Param, cancellationToken));
            case MediaSource.VideoFrames list:
                var frames = ImmutableArray.CreateBuilder<FilmFrame>(numFrames);
                foreach (int i in FrameSampling.Indices(list.Urls.Count, numFrames))
                    frames.Add(new FilmFrame(list.Times[i], await pictures.LoadAsync(list.Urls[i], budget, $"{list.Param}[{i}]", cancellationToken)));
                return new PreparedMedium.Film(frames.MoveToImmutable());
            default:
                throw new UnreachableException();
        }
    }

    private async Task<ImmutableArray<FilmFrame>> ReadAsync(byte[] film, int numFrames, int budget, string param, CancellationToken cancellationToken)
    {
        var key = new FilmCache.Key(ImagePreprocessor.Hash(film, budget), numFrames);
        if (cache.Find(key) is { } known)
            return known;
        ImmutableArray<FilmFrame> frames = await reader.ReadAsync(
            film, numFrames, param, (bitmap, limits, token) => pictures.PrepareAsync(bitmap, budget, limits, param, token), cancellationToken);
        cache.Add(key, frames);
        return frames;
    }
}
