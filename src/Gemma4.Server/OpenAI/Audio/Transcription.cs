namespace Gemma4.Server.OpenAI.Audio;

/// <summary>The answer of <c>POST /v1/audio/transcriptions</c> as <c>json</c>.</summary>
/// <param name="Text">All that was said.</param>
/// <param name="Usage">What it cost.</param>
internal sealed record Transcription(string Text, TranscriptionUsage Usage);

/// <summary>The answer as <c>verbose_json</c>.</summary>
internal sealed record VerboseTranscription
{
    /// <summary><c>transcribe</c> or <c>translate</c>.</summary>
    public required string Task { get; init; }

    /// <summary>The language the request named, or <c>unknown</c>: none is detected. <c>english</c> of a translation.</summary>
    public required string Language { get; init; }

    /// <summary>Seconds of audio.</summary>
    public required double Duration { get; init; }

    /// <summary>All that was said.</summary>
    public required string Text { get; init; }

    /// <summary>One for each window of at most 30 s.</summary>
    public required IReadOnlyList<TranscriptionSegment> Segments { get; init; }

    /// <summary>How long it was.</summary>
    public required TranscriptionDuration Usage { get; init; }
}

/// <summary>Seconds, as this format counts.</summary>
/// <param name="Seconds">Seconds of audio.</param>
internal sealed record TranscriptionDuration(double Seconds)
{
    /// <summary>Always <c>duration</c>.</summary>
    public string Type { get; init; } = "duration";
}

/// <summary>Token counts of all windows together.</summary>
/// <param name="InputTokens">Of the prompts.</param>
/// <param name="InputTokenDetails">Which of them are what.</param>
/// <param name="OutputTokens">Generated.</param>
/// <param name="TotalTokens">Their sum.</param>
internal sealed record TranscriptionUsage(int InputTokens, TranscriptionInput InputTokenDetails, int OutputTokens, int TotalTokens)
{
    /// <summary>Always <c>tokens</c>.</summary>
    public string Type { get; init; } = "tokens";
}

/// <summary>Tokens of the prompts.</summary>
/// <param name="TextTokens">Everything but the audio.</param>
/// <param name="AudioTokens">Standing for the audio.</param>
internal sealed record TranscriptionInput(int TextTokens, int AudioTokens);

/// <summary>An event of a streamed transcription.</summary>
/// <param name="Type"><c>transcript.text.delta</c> or <c>transcript.text.done</c>.</param>
/// <param name="Delta">More text, of a delta.</param>
/// <param name="Text">The whole text, of the end.</param>
/// <param name="Usage">What it cost, of the end.</param>
internal sealed record TranscriptionEvent(string Type, string? Delta = null, string? Text = null, TranscriptionUsage? Usage = null);
