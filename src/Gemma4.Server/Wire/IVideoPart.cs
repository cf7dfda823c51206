namespace Gemma4.Server.Wire;

/// <summary>What parts of messages have in common that may be videos, in every API: an extension of each.</summary>
internal interface IVideoPart
{
    /// <summary><c>video_url</c>, <c>video</c>, or a part that is no video.</summary>
    string Type { get; }

    /// <summary>Of <c>video_url</c>: a video file, for servers that have ffmpeg.</summary>
    VideoUrl? VideoUrl { get; }

    /// <summary>Of <c>video</c>: a video as its frames.</summary>
    VideoFrames? Video { get; }

    /// <summary>The budget of soft tokens of each frame, beside the video.</summary>
    int? MaxSoftTokens { get; }
}
