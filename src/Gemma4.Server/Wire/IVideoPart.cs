namespace Gemma4.Server.Wire;

/// <summary>What parts of messages have in common that may be films, in every API: an extension of each.</summary>
internal interface IVideoPart
{
    /// <summary><c>video_url</c>, <c>video</c>, or a part that is no film.</summary>
    string Type { get; }

    /// <summary>Of <c>video_url</c>: a film file, for servers that have ffmpeg.</summary>
    VideoUrl? VideoUrl { get; }

    /// <summary>Of <c>video</c>: a film as its frames.</summary>
    VideoFrames? Video { get; }

    /// <summary>The budget of soft tokens of each frame, beside the film.</summary>
    int? MaxSoftTokens { get; }
}
