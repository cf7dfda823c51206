using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Media;

/// <summary>The refusals of a place that media should come from.</summary>
internal static class MediaRejected
{
    public static RequestRejectedException Url(MediaKind kind, string message, string? param) => new(RejectionReason.InvalidMedia, message, param, UrlCode(kind));

    public static RequestRejectedException TooLarge(MediaKind kind, long limit, string? param) =>
        new(RejectionReason.InvalidMedia, $"The {Name(kind)} is larger than {limit} bytes.", param, $"{Name(kind)}_file_too_large");

    public static RequestRejectedException Base64(MediaKind kind, string? param) =>
        new(RejectionReason.InvalidMedia, $"The {Name(kind)} data is not valid base64: the file's bytes and nothing else.", param,
            kind == MediaKind.Image ? "invalid_base64_image" : "invalid_base64");

    /// <summary>A video that is there and cannot be taken.</summary>
    public static RequestRejectedException Video(string message, string? param) => new(RejectionReason.InvalidMedia, message, param, "invalid_video");

    /// <summary>OpenAI names no field in this one, so its message does.</summary>
    public static RequestRejectedException MediaType(MediaKind kind, string? param) =>
        new(RejectionReason.InvalidMedia, $"Invalid MIME type. Only {Name(kind)} types are supported{(param is null ? "" : $" in '{param}'")}.", null, $"invalid_{Name(kind)}_format");

    public static string Name(MediaKind kind) => kind switch
    {
        MediaKind.Image => "image",
        MediaKind.Audio => "audio",
        _ => "video",
    };

    private static string UrlCode(MediaKind kind) => $"invalid_{Name(kind)}_url";
}
