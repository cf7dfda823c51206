using Gemma4.Engine.Vision;
using Gemma4.Server.Media;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping;

/// <summary>Where a picture, a sound or a film of a request comes from.</summary>
/// <param name="Param">The request field that names it, for errors.</param>
internal abstract record MediaSource(string Param)
{
    /// <summary>A picture.</summary>
    public sealed record Image(string Url, string? Detail, int? MaxSoftTokens, string Param) : MediaSource(Param);

    /// <summary>A sound.</summary>
    /// <param name="AllowWindows">Whether it may be long; null leaves it to request and server.</param>
    /// <param name="Param">The field that holds the sound.</param>
    public abstract record Audio(bool? AllowWindows, string Param) : MediaSource(Param);

    /// <summary>A sound named by its URL.</summary>
    public sealed record AudioAt(AudioUrlObject Sound, string Path) : Audio(Sound.AllowWindows, $"{Path}.url")
    {
        /// <summary>Where the file is.</summary>
        public string Url => Sound.Url;
    }

    /// <summary>A sound in the request, base64.</summary>
    public sealed record AudioData(InputAudio Sound, string Path) : Audio(Sound.AllowWindows, $"{Path}.data")
    {
        /// <summary>The file.</summary>
        public string Base64 => Sound.Data;
    }

    /// <summary>A medium that was read before.</summary>
    public sealed record Prepared(PreparedMedium Medium, string Param) : MediaSource(Param);

    /// <summary>A film.</summary>
    /// <param name="NumFrames">Most frames to take; null for the checkpoint's number.</param>
    /// <param name="MaxSoftTokens">Budget of each frame; null for the checkpoint's. It may stand beside the object that describes the film, or
    /// in it; what stands beside it wins.</param>
    /// <param name="Param">The field that holds the film.</param>
    public abstract record Film(int? NumFrames, int? MaxSoftTokens, string Param) : MediaSource(Param)
    {
        /// <summary>The film of a part that passed <see cref="FilmRules"/>.</summary>
        /// <param name="part">The part.</param>
        /// <param name="path">Where it is in the request.</param>
        public static Film Of(IFilmPart part, string path) => part.Type == "video"
            ? new FilmFrames(part.Video!, part.MaxSoftTokens, path)
            : new FilmFile(part.VideoUrl!.Value, part.MaxSoftTokens, path);
    }

    /// <summary>A film in a file.</summary>
    public sealed record FilmFile(VideoUrlObject Video, int? Beside, string Part)
        : Film(Video.NumFrames, Beside ?? Video.MaxSoftTokens, $"{Part}.video_url.url")
    {
        /// <summary>Where the file is.</summary>
        public string Url => Video.Url;
    }

    /// <summary>A film as a list of pictures.</summary>
    public sealed record FilmFrames(VideoFrames Video, int? Beside, string Part)
        : Film(Video.NumFrames, Beside ?? Video.MaxSoftTokens, $"{Part}.video.frames")
    {
        /// <summary>Where each frame is.</summary>
        public string[] Urls => Video.Frames;

        /// <summary>When a frame is shown.</summary>
        public TimeSpan TimeOf(int frame) => Video.Timestamps is { } times
            ? TimeSpan.FromSeconds(times[frame])
            : FrameSampling.TimeOf(frame, Video.Fps ?? FrameSampling.DefaultFramesPerSecond);
    }
}
