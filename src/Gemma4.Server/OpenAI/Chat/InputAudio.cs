using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A sound in the message itself.</summary>
internal sealed record InputAudio
{
    /// <summary>Base64 of the file.</summary>
    public required string Data { get; init; }

    /// <summary>Format of the file.</summary>
    [AllowedValues("wav", "mp3")]
    public required string Format { get; init; }
}
