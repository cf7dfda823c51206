namespace Gemma4.Server.OpenAI.Audio;

/// <summary>The answer of <c>POST /v1/audio/transcriptions</c> as <c>json</c>.</summary>
/// <param name="Text">All that was said.</param>
internal sealed record Transcription(string Text);

/// <summary>The answer as <c>verbose_json</c>.</summary>
internal sealed record VerboseTranscription
{
    /// <summary>Always <c>transcribe</c>.</summary>
    public string Task { get; init; } = "transcribe";

    /// <summary>The language the request named, or <c>unknown</c>: none is detected.</summary>
    public required string Language { get; init; }

    /// <summary>Seconds of sound.</summary>
    public required double Duration { get; init; }

    /// <summary>All that was said.</summary>
    public required string Text { get; init; }

    /// <summary>One for each window of at most 30 s.</summary>
    public required IReadOnlyList<TranscriptionSegment> Segments { get; init; }
}

/// <summary>What was said in one window.</summary>
/// <param name="Id">0, 1, 2, …</param>
/// <param name="Start">Seconds from the beginning.</param>
/// <param name="End">Seconds from the beginning.</param>
/// <param name="Text">What was said.</param>
internal sealed record TranscriptionSegment(int Id, double Start, double End, string Text);

/// <summary>An event of a streamed transcription.</summary>
/// <param name="Type"><c>transcript.text.delta</c> or <c>transcript.text.done</c>.</param>
/// <param name="Delta">More text, of a delta.</param>
/// <param name="Text">The whole text, of the end.</param>
internal sealed record TranscriptionEvent(string Type, string? Delta = null, string? Text = null);
