using Gemma4.Engine.Audio;

namespace Gemma4.Server.Mapping;

/// <summary>Where a picture, a sound or a film of a request comes from.</summary>
/// <param name="Param">The request field that names it, for errors.</param>
internal abstract record MediaSource(string Param)
{
    /// <summary>A picture.</summary>
    public sealed record Image(string Url, string? Detail, int? MaxSoftTokens, string Param) : MediaSource(Param);

    /// <summary>A sound named by its URL.</summary>
    public sealed record AudioUrl(string Url, string Param) : MediaSource(Param);

    /// <summary>A sound in the request, base64.</summary>
    public sealed record AudioData(string Base64, string Param) : MediaSource(Param);

    /// <summary>A window of a sound that was read before.</summary>
    public sealed record AudioPrepared(AudioWindow Window, string Param) : MediaSource(Param);

    /// <summary>A film.</summary>
    public sealed record Video(string Url, int? MaxSoftTokens, string Param) : MediaSource(Param);
}
