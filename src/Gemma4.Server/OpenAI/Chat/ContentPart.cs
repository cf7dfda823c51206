using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>One part of a message; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record ContentPart : IVideoPart
{
    /// <summary>What the part is.</summary>
    [AllowedValues("text", "image_url", "input_audio", "refusal", "file", "video_url", "video", "audio_url")]
    public required string Type { get; init; }

    /// <summary>Of <c>text</c>.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>image_url</c>.</summary>
    public ImageUrl? ImageUrl { get; init; }

    /// <summary>Of <c>input_audio</c>.</summary>
    public InputAudio? InputAudio { get; init; }

    /// <summary>Of <c>refusal</c>, an assistant's.</summary>
    public string? Refusal { get; init; }

    /// <summary>Of <c>file</c>: text, an image, an audio clip or a video, by its content.</summary>
    public FileReference? File { get; init; }

    /// <summary>Of <c>video_url</c>, an extension: a video file, for servers that have ffmpeg.</summary>
    public VideoUrl? VideoUrl { get; init; }

    /// <summary>Of <c>video</c>, an extension: a video as its frames.</summary>
    public VideoFrames? Video { get; init; }

    /// <summary>Of <c>audio_url</c>, an extension.</summary>
    public AudioUrl? AudioUrl { get; init; }

    /// <summary>Extension, beside <c>image_url</c>, <c>video_url</c> or <c>video</c>: the budget of soft tokens for this image (or for each frame),
    /// one of the checkpoint's (70, 140, 280, 560, 1120). It may also stand inside, beside <c>url</c>.</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
