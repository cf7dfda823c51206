using System.Diagnostics;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>How many bytes a medium of a request may take, before it is read.</summary>
internal static class MediaCost
{
    private const long BytesOfSoftToken = (long)SoftTokenBudget.TokenSize * SoftTokenBudget.TokenSize * 3 * sizeof(float);

    /// <summary>A soft token of an image is 48 x 48 pixels of three floats.</summary>
    public static long OfImage(int softTokens) => softTokens * BytesOfSoftToken;

    /// <summary>The file that a URL holds or names: what stands in it, else as much as may be fetched.</summary>
    public static long OfFile(string url, MediaKind kind, MediaAccessOptions options) =>
        DataUri.Is(url) ? Math.Min(OfBase64(url), options.MaxBytes(kind)) : options.MaxBytes(kind);

    /// <summary>What base64 decodes to, at most.</summary>
    public static long OfBase64(string text) => (text.Length + 3L) / 4 * 3;

    /// <summary>What the model is given of a medium.</summary>
    public static long Of(PreparedMedium medium) => medium switch
    {
        PreparedMedium.Image image => (long)image.Prepared.Patches.Length * sizeof(float),
        PreparedMedium.Video video => video.Frames.Sum(f => (long)f.Image.Patches.Length * sizeof(float)),
        PreparedMedium.Audio audio => audio.Windows.Sum(w => (long)w.LogMel.Length * sizeof(float)),
        _ => throw new UnreachableException(),
    };

    /// <summary>File and result of a video, at most.</summary>
    public static long OfVideo(MediaSource.Video video, int numFrames, int softTokens, MediaAccessOptions options) => numFrames * OfImage(softTokens) + video switch
    {
        MediaSource.VideoFile file => OfFile(file.Url, MediaKind.Video, options),
        MediaSource.VideoFrames { Urls: { Count: > 0 } urls } => urls.Max(url => OfFile(url, MediaKind.Image, options)),
        _ => 0,
    };
}
