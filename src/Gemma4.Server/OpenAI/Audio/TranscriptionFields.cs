using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Audio;

/// <summary>The form of <c>POST /v1/audio/transcriptions</c> and <c>translations</c>.</summary>
internal sealed record TranscriptionFields
{
    /// <summary>A WAV, MP3, FLAC or Ogg (Vorbis, Opus) file.</summary>
    public required IFormFile File { get; init; }

    /// <summary>The served model's id.</summary>
    [Example("gemma-4-demo")]
    public required string Model { get; init; }

    /// <summary>How to answer; <c>srt</c>, <c>vtt</c> and <c>verbose_json</c> have the times of windows of at most 30 s.</summary>
    [AllowedValues("json", "text", "srt", "verbose_json", "vtt"), DefaultValue("json")]
    public string? ResponseFormat { get; init; }

    /// <summary>The language that is spoken, <c>en</c> or <c>pt-BR</c>.</summary>
    [Example("")]
    public string? Language { get; init; }

    /// <summary>Names and words that may be said.</summary>
    [Example("")]
    public string? Prompt { get; init; }

    /// <summary>Divides the logits; 0, the default, is greedy.</summary>
    [Range(0.0, 1.0), DefaultValue(0.0)]
    public double? Temperature { get; init; }

    /// <summary>Answer as server-sent events; with <c>json</c> and <c>text</c>.</summary>
    [DefaultValue(false)]
    public bool? Stream { get; init; }

    /// <summary>Which times to tell; those of words are refused.</summary>
    [JsonPropertyName("timestamp_granularities[]")]
    [AllowedValues("segment")]
    public string[]? TimestampGranularities { get; init; }

    /// <summary>How to cut: where it is quietest, always.</summary>
    [AllowedValues("auto")]
    public string? ChunkingStrategy { get; init; }
}
