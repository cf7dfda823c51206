using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Media;

/// <summary>Fetches and prepares the media of a request, on the request's own task.</summary>
internal sealed class MediaLoader(
    MediaFetcher fetcher, PictureLoader pictures, FilmLoader films, DecodeSlots slots, IOptions<MediaAccessOptions> options)
{
    /// <summary>Prepares all of them, in their order.</summary>
    /// <param name="sources">What the request names.</param>
    /// <param name="requestBudget"><c>mm_processor_kwargs.max_soft_tokens</c>.</param>
    /// <param name="model">What the model takes.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="ApiException">The model does not take such media, or there are too many.</exception>
    /// <exception cref="RequestRejectedException">One cannot be had or read.</exception>
    public async Task<ImmutableArray<PreparedMedium>> LoadAsync(
        IReadOnlyList<MediaSource> sources, int? requestBudget, MediaTraits model, CancellationToken cancellationToken)
    {
        // A film counts as its frames, which are what it costs.
        int items = sources.Sum(s => s is MediaSource.Film film ? FilmLoader.NumFrames(film, model) : 1);
        if (items > options.Value.MaxItems)
            throw Fault.Of($"The request has {items} pictures, sounds and frames of films; this server takes at most {options.Value.MaxItems}.", sources[^1].Param);
        foreach (MediaSource source in sources)
            CheckModality(source, model);
        var media = ImmutableArray.CreateBuilder<PreparedMedium>(sources.Count);
        foreach (MediaSource source in sources)
            media.Add(await LoadAsync(source, requestBudget, model, cancellationToken));
        return media.MoveToImmutable();
    }

    /// <summary>Prepares a sound of any length the limits allow, in windows of at most 30 s.</summary>
    /// <param name="file">The file.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="model">What the model takes.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="ApiException">The model does not hear.</exception>
    /// <exception cref="RequestRejectedException">The sound cannot be read.</exception>
    public Task<ImmutableArray<AudioWindow>> WindowsAsync(byte[] file, string param, MediaTraits model, CancellationToken cancellationToken)
    {
        CheckHearing(model, param);
        var limits = new AudioLimits { MaxEncodedBytes = options.Value.MaxAudioBytes };
        return slots.RunAsync(() => AudioPreprocessor.Prepare(file, limits, allowWindows: true, param, cancellationToken), cancellationToken);
    }

    private void CheckModality(MediaSource source, MediaTraits model)
    {
        if (source is MediaSource.Image && !model.Sees)
            throw Fault.UnsupportedValue(source.Param, "Unsupported value: the served model does not see pictures.");
        if (source is MediaSource.Film film)
        {
            if (!model.Sees)
                throw Fault.UnsupportedValue(film.Param, "Unsupported value: the served model does not see films.");
            films.Check(film);
        }
        if (source is MediaSource.AudioData or MediaSource.AudioUrl or MediaSource.AudioPrepared)
            CheckHearing(model, source.Param);
    }

    private static void CheckHearing(MediaTraits model, string param)
    {
        if (!model.Hears)
            throw Fault.UnsupportedValue(param, "Unsupported value: the served model does not hear. Of the Gemma 4 models, E2B and E4B do.");
    }

    private async Task<PreparedMedium> LoadAsync(MediaSource source, int? requestBudget, MediaTraits model, CancellationToken cancellationToken)
    {
        switch (source)
        {
            case MediaSource.Image image:
                int budget = ImageBudget.Choose(
                    image.MaxSoftTokens, image.Detail, requestBudget, options.Value.ImageSoftTokens, model.ImageSoftTokens, image.Param);
                return new PreparedMedium.Picture(await pictures.LoadAsync(image.Url, budget, image.Param, cancellationToken));
            case MediaSource.Film film:
                return await films.LoadAsync(film, model, cancellationToken);
            case MediaSource.AudioUrl url:
                return await SoundAsync(
                    await fetcher.FetchAsync(url.Url, MediaKind.Audio, url.Param, cancellationToken), url.Param, cancellationToken);
            case MediaSource.AudioData data:
                return await SoundAsync(
                    DataUri.DecodeBase64(data.Base64, MediaKind.Audio, options.Value.MaxAudioBytes, data.Param), data.Param, cancellationToken);
            case MediaSource.AudioPrepared prepared:
                return new PreparedMedium.Sound(prepared.Window);
            default:
                throw new UnreachableException();
        }
    }

    private Task<PreparedMedium> SoundAsync(byte[] file, string param, CancellationToken cancellationToken)
    {
        var limits = new AudioLimits { MaxEncodedBytes = options.Value.MaxAudioBytes };
        return slots.RunAsync<PreparedMedium>(
            () => new PreparedMedium.Sound(AudioPreprocessor.Prepare(file, limits, allowWindows: false, param, cancellationToken)[0]), cancellationToken);
    }
}
