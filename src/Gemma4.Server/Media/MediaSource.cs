namespace Gemma4.Server.Media;

/// <summary>Where an image, an audio clip or a video of a request comes from, in no API's own words.</summary>
/// <param name="Param">The request field that names it, for errors.</param>
internal abstract record MediaSource(string Param)
{
    /// <summary>An image.</summary>
    /// <param name="Url">A data URL, or one to fetch.</param>
    /// <param name="Detail"><c>auto</c>, <c>low</c> or <c>high</c>; null where the request does not say.</param>
    /// <param name="MaxSoftTokens">Its budget of soft tokens; null where the request does not say.</param>
    /// <param name="Param">The field that holds it.</param>
    public sealed record Image(string Url, string? Detail, int? MaxSoftTokens, string Param) : MediaSource(Param);

    /// <summary>An audio clip.</summary>
    /// <param name="AllowWindows">Whether it may be longer than 30 s; null leaves it to request and server.</param>
    /// <param name="Param">The field that holds it.</param>
    public abstract record Audio(bool? AllowWindows, string Param) : MediaSource(Param);

    /// <summary>An audio clip named by its URL.</summary>
    public sealed record AudioUrl(string Url, bool? AllowWindows, string Param) : Audio(AllowWindows, Param);

    /// <summary>An audio clip in the request, base64.</summary>
    public sealed record AudioData(string Base64, bool? AllowWindows, string Param) : Audio(AllowWindows, Param);

    /// <summary>A video.</summary>
    /// <param name="NumFrames">Most frames to take; null for the checkpoint's number.</param>
    /// <param name="MaxSoftTokens">Budget of each frame; null for the checkpoint's.</param>
    /// <param name="Param">The field that holds it.</param>
    public abstract record Video(int? NumFrames, int? MaxSoftTokens, string Param) : MediaSource(Param);

    /// <summary>A video in a file, named by its URL.</summary>
    public sealed record VideoFile(string Url, int? NumFrames, int? MaxSoftTokens, string Param) : Video(NumFrames, MaxSoftTokens, Param);

    /// <summary>A video as a list of images.</summary>
    /// <param name="Urls">Each frame.</param>
    /// <param name="Times">When each frame is shown; as many, ascending.</param>
    /// <param name="NumFrames">Most frames to take; null for the checkpoint's number.</param>
    /// <param name="MaxSoftTokens">Budget of each frame; null for the checkpoint's.</param>
    /// <param name="Param">The field that holds the frames.</param>
    public sealed record VideoFrames(IReadOnlyList<string> Urls, IReadOnlyList<TimeSpan> Times, int? NumFrames, int? MaxSoftTokens, string Param)
        : Video(NumFrames, MaxSoftTokens, Param);

    /// <summary>A medium that was read before.</summary>
    public sealed record Prepared(PreparedMedium Medium, string Param) : MediaSource(Param);
}

/// <summary>How media are prepared whose own part of the request does not say.</summary>
/// <param name="ImageSoftTokens">Budget of soft tokens of an image; null leaves it to server and checkpoint.</param>
/// <param name="AllowWindows">Whether audio may be longer than 30 s; null leaves it to the server.</param>
internal readonly record struct MediaDefaults(int? ImageSoftTokens, bool? AllowWindows);
