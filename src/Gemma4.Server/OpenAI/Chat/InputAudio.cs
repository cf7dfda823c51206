using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>An audio clip in the message itself.</summary>
internal sealed record InputAudio
{
    /// <summary>Base64 of the file.</summary>
    public required string Data { get; init; }

    /// <summary>Format of the file. The file itself decides: FLAC and Ogg are heard too, whatever is said here.</summary>
    [AllowedValues("wav", "mp3")]
    public required string Format { get; init; }

    /// <summary>Extension: cut an audio clip of more than 30 s into windows, each an audio clip of its own to the model, instead of refusing it.</summary>
    public bool? AllowWindows { get; init; }
}
