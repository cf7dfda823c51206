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
        PreparedMedium.Picture picture => (long)picture.Image.Patches.Length * sizeof(float),
        PreparedMedium.Film film => film.Frames.Sum(f => (long)f.Image.Patches.Length * sizeof(float)),
        PreparedMedium.Sound sound => sound.Windows.Sum(w => (long)w.LogMel.Length * sizeof(float)),
        _ => throw new UnreachableException(),
    };

    /// <summary>File and result of a film, at most.</summary>
    public static long OfFilm(MediaSource.Video film, int numFrames, int softTokens, MediaAccessOptions options) => numFrames * OfImage(softTokens) + film switch
    {
        MediaSource.VideoFile file => OfFile(file.Url, MediaKind.Video, options),
        MediaSource.VideoFrames { Urls: { Count: > 0 } urls } => urls.Max(url => OfFile(url, MediaKind.Image, options)),
        _ => 0,
    };
}
