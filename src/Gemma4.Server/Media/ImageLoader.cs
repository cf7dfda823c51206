using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Media;

/// <summary>Fetches an image, or a frame of a video, and cuts it into patches.</summary>
internal sealed class ImageLoader(MediaFetcher fetcher, DecodeThreads threads, IOptions<MediaAccessOptions> options)
{
    /// <param name="url">Where it is.</param>
    /// <param name="budget">Most soft tokens.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="RequestRejectedException">It cannot be had or read.</exception>
    public async Task<PreparedImage> LoadAsync(string url, int budget, string param, CancellationToken cancellationToken)
    {
        byte[] file = await fetcher.FetchAsync(url, MediaKind.Image, param, cancellationToken);
        var limits = new ImageLimits { MaxEncodedBytes = options.Value.MaxImageBytes, MaxPixels = options.Value.MaxImagePixels };
        return await PrepareAsync(file, budget, limits, param, cancellationToken);
    }

    /// <summary>The same for a file that is here already.</summary>
    public Task<PreparedImage> PrepareAsync(byte[] file, int budget, ImageLimits limits, string param, CancellationToken cancellationToken) =>
        threads.RunAsync(() => ImagePreprocessor.Prepare(file, budget, limits, param, cancellationToken), cancellationToken);
}
