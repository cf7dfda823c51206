namespace Gemma4.Server.Mapping.Audio;

/// <summary>The form of <c>POST /v1/audio/transcriptions</c> or <c>translations</c>, read and checked.</summary>
internal sealed record TranscriptionRequest
{
    /// <summary>The audio file.</summary>
    public required byte[] File { get; init; }

    /// <summary>Whether what is said is wanted in English, whatever is spoken.</summary>
    public required bool IsTranslation { get; init; }

    /// <summary><c>json</c>, <c>text</c>, <c>srt</c>, <c>verbose_json</c> or <c>vtt</c>.</summary>
    public required string ResponseFormat { get; init; }

    /// <summary>The language that is spoken, when the caller knows.</summary>
    public string? Language { get; init; }

    /// <summary>Names and words that may be said.</summary>
    public string? Prompt { get; init; }

    /// <summary>0 is greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>Answer as server-sent events.</summary>
    public bool Streams { get; init; }
}
