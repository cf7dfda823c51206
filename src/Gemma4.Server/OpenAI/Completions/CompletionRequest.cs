using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Completions;

/// <summary>The body of <c>POST /v1/completions</c>: text in, text out, no chat template.</summary>
internal sealed record CompletionRequest : GenerationFields
{
    /// <summary>The served model's id.</summary>
    [System.Text.Json.Serialization.JsonPropertyOrder(-2)]
    public required string Model { get; init; }

    /// <summary>One or many prompts, as texts or as token ids.</summary>
    [System.Text.Json.Serialization.JsonPropertyOrder(-1)]
    public required Prompt Prompt { get; init; }

    /// <summary>At most this many tokens; 0 only with <c>echo</c>, -1 takes what the context leaves.</summary>
    [Range(-1, int.MaxValue), DefaultValue(16)]
    public int? MaxTokens { get; init; }

    /// <summary>Generate this many answers and give the <c>n</c> best by mean log-probability.</summary>
    [Range(0, 20)]
    public int? BestOf { get; init; }

    /// <summary>Begin the answer with the prompt.</summary>
    [DefaultValue(false)]
    public bool? Echo { get; init; }

    /// <summary>Report log-probabilities of the tokens and of this many best ones.</summary>
    [Range(0, 5)]
    public int? Logprobs { get; init; }

    /// <summary>Text after the answer. Gemma cannot fill in the middle: only the empty text is taken.</summary>
    public string? Suffix { get; init; }
}
