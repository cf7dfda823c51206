using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gemma4.Server.Ollama;

/// <summary>What chats and prompts of this API share.</summary>
internal abstract record OllamaRequest
{
    /// <summary>The served model's id; <c>:latest</c> behind it means nothing.</summary>
    [JsonPropertyOrder(-2)]
    public string? Model { get; init; }

    /// <summary>Answer as lines of JSON, one a piece.</summary>
    [DefaultValue(true)]
    public bool? Stream { get; init; }

    /// <summary>What the answer must look like: <c>json</c>, or a JSON schema.</summary>
    public JsonElement? Format { get; init; }

    /// <summary>Whether the model thinks: a boolean, or <c>low</c>, <c>medium</c>, <c>high</c>.</summary>
    public JsonElement? Think { get; init; }

    /// <summary>Sampling and limits.</summary>
    public OllamaOptions? Options { get; init; }

    /// <summary>Accepted: the model stays loaded.</summary>
    public JsonElement? KeepAlive { get; init; }
}

/// <summary>The body of <c>POST /api/chat</c>.</summary>
internal sealed record OllamaChatRequest : OllamaRequest
{
    /// <summary>The conversation; none asks only whether the model is loaded.</summary>
    [JsonPropertyOrder(-1)]
    public OllamaMessage[]? Messages { get; init; }

    /// <summary>Functions the model may call.</summary>
    public OllamaTool[]? Tools { get; init; }
}

/// <summary>The body of <c>POST /api/generate</c>.</summary>
internal sealed record OllamaGenerateRequest : OllamaRequest
{
    /// <summary>What the user says; none asks only whether the model is loaded.</summary>
    [JsonPropertyOrder(-1)]
    public string? Prompt { get; init; }

    /// <summary>A system message before it.</summary>
    public string? System { get; init; }

    /// <summary>Images, each the base64 of a file.</summary>
    [MaxLength(4096)]
    public string[]? Images { get; init; }

    /// <summary>Go on with the prompt as it is, without the model's template.</summary>
    public bool? Raw { get; init; }

    /// <summary>What follows the gap. Only an empty text is taken: this model does not fill gaps.</summary>
    [MaxLength(0)]
    public string? Suffix { get; init; }

    /// <summary>Another template than the model's.</summary>
    [MaxLength(0)]
    public string? Template { get; init; }

    /// <summary>Tokens of an earlier answer; use <c>/api/chat</c> instead.</summary>
    [MaxLength(0)]
    public int[]? Context { get; init; }
}

/// <summary>Sampling and limits. Options of Ollama's that are not here say how it runs models, and are ignored.</summary>
internal sealed record OllamaOptions
{
    /// <summary>At most this many tokens; -1 and -2 are no limit.</summary>
    [Range(-2, int.MaxValue)]
    public int? NumPredict { get; init; }

    /// <summary>Divides the logits; 0 is greedy.</summary>
    [Range(0.0, 100.0)]
    public double? Temperature { get; init; }

    /// <summary>Only the smallest set of best tokens that reaches this probability.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <summary>Only the k best tokens; 0 is off.</summary>
    [Range(-1, int.MaxValue)]
    public int? TopK { get; init; }

    /// <summary>Drop tokens below this share of the best one's probability.</summary>
    [Range(0.0, 1.0)]
    public double? MinP { get; init; }

    /// <summary>The same seed gives the same tokens.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public string[]? Stop { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen before.</summary>
    [Range(0.01, 100.0)]
    public double? RepeatPenalty { get; init; }

    /// <summary>Lowers tokens that were generated already.</summary>
    [Range(-2.0, 2.0)]
    public double? PresencePenalty { get; init; }

    /// <summary>Lowers tokens by how often they were generated.</summary>
    [Range(-2.0, 2.0)]
    public double? FrequencyPenalty { get; init; }
}

/// <summary>The body of <c>POST /api/show</c>.</summary>
internal sealed record OllamaShowRequest
{
    /// <summary>The served model's id.</summary>
    public string? Model { get; init; }

    /// <summary>Its older name.</summary>
    public string? Name { get; init; }
}
