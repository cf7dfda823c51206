using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Audio;

/// <summary>The refusals of an audio clip.</summary>
internal static class AudioRejected
{
    public static RequestRejectedException Empty(string? param) => Rejection("The audio file is empty.", param, "empty_audio_file");

    public static RequestRejectedException UnknownFormat(string? param) =>
        Rejection("Unsupported audio. Please make sure your audio has one of the following formats: ['wav', 'mp3', 'flac', 'ogg'].",
            param, "invalid_audio_format");

    public static RequestRejectedException Unreadable(string format, string what, string? param) =>
        Rejection($"The audio data you provided could not be read: the {format} file is {what}.", param, "audio_parse_error");

    public static RequestRejectedException FileTooLarge(long bytes, long limit, string? param) =>
        Rejection($"The audio file has {bytes} bytes; at most {limit} are accepted.", param, "audio_file_too_large");

    public static RequestRejectedException TooShort(string? param) =>
        Rejection("The audio is too short: a little more than 10 ms are needed.", param, "audio_too_short");

    public static RequestRejectedException TooLong(TimeSpan limit, string? param) => Rejection(
        limit > AudioPreprocessor.MaxWindow
            ? $"The audio is longer than {limit.TotalSeconds:0.#} s."
            : $"The audio is longer than {limit.TotalSeconds:0.#} s, the most that is heard in one piece. Set 'allow_windows' to true to have it heard in windows.",
        param, "audio_too_long");

    public static RequestRejectedException TooManySamples(long limit, string? param) =>
        Rejection($"The audio has more than {limit} samples, all channels counted. Send it at a lower rate or with fewer channels.", param, "audio_too_long");

    private static RequestRejectedException Rejection(string message, string? param, string code) =>
        new(RejectionReason.InvalidMedia, message, param, code);
}
