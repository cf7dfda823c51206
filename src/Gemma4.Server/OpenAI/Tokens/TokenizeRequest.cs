using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Tokens;

/// <summary>The body of <c>POST /tokenize</c>: a text, or a conversation.</summary>
internal sealed record TokenizeRequest
{
    /// <summary>The served model's id; may be left out.</summary>
    public string? Model { get; init; }

    /// <summary>A text.</summary>
    public string? Prompt { get; init; }

    /// <summary>A conversation, rendered by the model's template.</summary>
    [MinLength(1)]
    public ChatMessageDto[]? Messages { get; init; }

    /// <summary>With <c>messages</c>: functions shown to the model.</summary>
    public ToolDto[]? Tools { get; init; }

    /// <summary>With <c>prompt</c>: put <c>&lt;bos&gt;</c> before it. Default true.</summary>
    public bool? AddSpecialTokens { get; init; }

    /// <summary>With <c>prompt</c>: control tokens in the text become control tokens. Default false.</summary>
    public bool? ParseSpecialTokens { get; init; }

    /// <summary>With <c>messages</c>: open the model's turn. Default true.</summary>
    public bool? AddGenerationPrompt { get; init; }

    /// <summary>With <c>messages</c>: arguments of the template.</summary>
    [JsonObject]
    public JsonElement? ChatTemplateKwargs { get; init; }

    /// <summary>Give the tokens' texts too.</summary>
    public bool? ReturnTokenStrs { get; init; }
}

/// <summary>The answer of <c>POST /tokenize</c>.</summary>
internal sealed record TokenizeResponse
{
    /// <summary>How many tokens.</summary>
    public required int Count { get; init; }

    /// <summary>Prompt and answer together hold at most this many.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>The token ids.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>The tokens' texts, when asked for.</summary>
    public IReadOnlyList<string>? TokenStrs { get; init; }
}

/// <summary>The body of <c>POST /detokenize</c>.</summary>
internal sealed record DetokenizeRequest
{
    /// <summary>The served model's id; may be left out.</summary>
    public string? Model { get; init; }

    /// <summary>Token ids.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Leave control tokens out of the text. Default false.</summary>
    public bool? SkipSpecialTokens { get; init; }
}

/// <summary>The answer of <c>POST /detokenize</c>.</summary>
/// <param name="Prompt">The text.</param>
internal sealed record DetokenizeResponse(string Prompt);

/// <summary>The answer of <c>POST /v1/chat/completions/render</c>: the prompt that would be sent.</summary>
internal sealed record RenderResponse
{
    /// <summary>The prompt's text, control tokens spelled out.</summary>
    public required string Prompt { get; init; }

    /// <summary>Its tokens.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Where images and audio clips stand.</summary>
    public required MediaSlotDto[] MediaSlots { get; init; }
}

/// <summary>Where an image or an audio clip stands in the prompt.</summary>
/// <param name="Kind"><c>image</c> or <c>audio</c>.</param>
/// <param name="FirstToken">Index of its first placeholder.</param>
/// <param name="NumTokens">Number of placeholders.</param>
internal sealed record MediaSlotDto(string Kind, int FirstToken, int NumTokens);
