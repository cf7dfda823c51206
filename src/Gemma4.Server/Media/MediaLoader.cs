using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Metrics;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Media;

/// <summary>Fetches and prepares the media of a request, on the request's own task. One a request.</summary>
internal sealed class MediaLoader(
    MediaFetcher fetcher, ImageLoader images, VideoLoader videos, DecodeThreads threads, MediaShare share, WorkMetrics metrics,
    IOptions<MediaAccessOptions> options)
{
    /// <summary>Prepares all of them, in their order.</summary>
    /// <param name="sources">What the request names.</param>
    /// <param name="request">What the request says for those that do not say.</param>
    /// <param name="model">What the model takes.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="ApiException">The model does not take such media, or there are too many.</exception>
    /// <exception cref="RequestRejectedException">One cannot be had or read.</exception>
    public async Task<ImmutableArray<PreparedMedium>> LoadAsync(
        IReadOnlyList<MediaSource> sources, MediaDefaults request, MediaTraits model, CancellationToken cancellationToken)
    {
        // A video counts as its frames, and an audio clip as its windows, which are what they cost.
        int items = sources.Sum(s => s is MediaSource.Video video ? VideoLoader.NumFrames(video, model) : 1);
        CheckNumber(items, sources.Count > 0 ? sources[^1].Param : null);
        foreach (MediaSource source in sources)
            CheckModality(source, model);
        var media = ImmutableArray.CreateBuilder<PreparedMedium>(sources.Count);
        foreach (MediaSource source in sources)
        {
            PreparedMedium medium = await LoadAsync(source, request, model, cancellationToken);
            if (medium is PreparedMedium.Audio audio)
                CheckNumber(items += audio.Windows.Length - 1, source.Param);
            media.Add(medium);
        }
        return media.MoveToImmutable();
    }

    /// <summary>Prepares an audio clip of any length the limits allow, in windows of at most 30 s.</summary>
    /// <param name="file">The file.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="model">What the model takes.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="ApiException">The model does not hear.</exception>
    /// <exception cref="RequestRejectedException">The audio cannot be read.</exception>
    public async Task<ImmutableArray<AudioWindow>> WindowsAsync(byte[] file, string param, MediaTraits model, CancellationToken cancellationToken)
    {
        CheckHearing(model, param);
        using MeasuredWork work = metrics.Media("audio");
        PreparedMedium audio = await CountedAsync(
            file.Length, param, async () => new PreparedMedium.Audio(await CutAsync(file, allowWindows: true, param, cancellationToken)));
        work.Succeed();
        return ((PreparedMedium.Audio)audio).Windows;
    }

    private void CheckNumber(int items, string? param)
    {
        if (items > options.Value.MaxItems)
            throw Fault.Of($"The request has {items} images, audio clips and frames of videos; this server takes at most {options.Value.MaxItems}.", param);
    }

    private void CheckModality(MediaSource source, MediaTraits model)
    {
        if (source is MediaSource.Image && !model.Sees)
            throw Fault.UnsupportedValue(source.Param, Lacking(model, "the served model does not see images."));
        if (source is MediaSource.Video video)
        {
            if (!model.Sees)
                throw Fault.UnsupportedValue(video.Param, Lacking(model, "the served model does not see videos."));
            videos.Check(video);
        }
        if (source is MediaSource.Audio)
            CheckHearing(model, source.Param);
    }

    private static void CheckHearing(MediaTraits model, string param)
    {
        if (!model.Hears)
            throw Fault.UnsupportedValue(param, Lacking(model, "the served model does not hear. Of the Gemma 4 models, gemma-4-E2B and gemma-4-E4B do."));
    }

    private static string Lacking(MediaTraits model, string otherwise) => $"Unsupported value: {model.LeftAway ?? otherwise}";

    private async Task<PreparedMedium> LoadAsync(MediaSource source, MediaDefaults request, MediaTraits model, CancellationToken cancellationToken)
    {
        if (source is MediaSource.Prepared prepared)
            return prepared.Medium;
        using MeasuredWork work = metrics.Media(source switch
        {
            MediaSource.Image => "image",
            MediaSource.Video => "video",
            MediaSource.Audio => "audio",
            _ => throw new UnreachableException(),
        });
        PreparedMedium medium = await PrepareAsync(source, request, model, cancellationToken);
        work.Succeed();
        return medium;
    }

    private async Task<PreparedMedium> PrepareAsync(MediaSource source, MediaDefaults request, MediaTraits model, CancellationToken cancellationToken)
    {
        switch (source)
        {
            case MediaSource.Image image:
                int budget = ImageBudget.Choose(
                    image.MaxSoftTokens, image.Detail, request.ImageSoftTokens, options.Value.ImageSoftTokens, model.ImageSoftTokens);
                return await CountedAsync(
                    MediaCost.OfFile(image.Url, MediaKind.Image, options.Value) + MediaCost.OfImage(budget), image.Param,
                    async () => new PreparedMedium.Image(await images.LoadAsync(image.Url, budget, image.Param, cancellationToken)));
            case MediaSource.Video video:
                return await CountedAsync(
                    MediaCost.OfVideo(video, VideoLoader.NumFrames(video, model), VideoLoader.Budget(video, model), options.Value), video.Param,
                    () => videos.LoadAsync(video, model, cancellationToken));
            case MediaSource.Audio audio:
                bool allowWindows = audio.AllowWindows ?? request.AllowWindows ?? options.Value.AllowWindows;
                long fileBytes = audio switch
                {
                    MediaSource.AudioUrl at => MediaCost.OfFile(at.Url, MediaKind.Audio, options.Value),
                    MediaSource.AudioData data => MediaCost.OfBase64(data.Base64),
                    _ => throw new UnreachableException(),
                };
                return await CountedAsync(fileBytes, audio.Param, async () => new PreparedMedium.Audio(
                    await CutAsync(await FileAsync(audio, cancellationToken), allowWindows, audio.Param, cancellationToken)));
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Counts what a medium may take, before any of it is decoded, then what it does take.</summary>
    private async Task<PreparedMedium> CountedAsync(long bytes, string param, Func<Task<PreparedMedium>> load)
    {
        threads.CheckQueue();
        share.Take(bytes, param);
        PreparedMedium medium = await load();
        long left = bytes - MediaCost.Of(medium);
        if (left >= 0)
            share.Return(left);
        else
            share.Take(-left, param); // an audio clip's length is known only now
        return medium;
    }

    private async Task<byte[]> FileAsync(MediaSource.Audio audio, CancellationToken cancellationToken) => audio is MediaSource.AudioUrl at
        ? await fetcher.FetchAsync(at.Url, MediaKind.Audio, at.Param, cancellationToken)
        : Decode((MediaSource.AudioData)audio);

    private byte[] Decode(MediaSource.AudioData audio)
    {
        // A common mistake: this field is OpenAI's, and has never held URLs.
        if (DataUri.Is(audio.Base64))
            throw MediaRejected.Url(MediaKind.Audio, "The data is base64 alone, without 'data:…;base64,' before it. URLs stand in 'audio_url'.", audio.Param);
        return DataUri.DecodeBase64(audio.Base64, MediaKind.Audio, options.Value.MaxAudioBytes, audio.Param);
    }

    private Task<ImmutableArray<AudioWindow>> CutAsync(byte[] file, bool allowWindows, string param, CancellationToken cancellationToken)
    {
        var limits = new AudioLimits { MaxEncodedBytes = options.Value.MaxAudioBytes, MaxDuration = options.Value.MaxAudioDuration };
        return threads.RunAsync(() => AudioPreprocessor.Prepare(file, limits, allowWindows, param, cancellationToken), cancellationToken);
    }
}
