using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Server.Media;

namespace Gemma4.Server.Mapping;

/// <summary>What a request for an answer in a conversation means, in no API's own words: every chat API maps to it.</summary>
internal sealed record ChatJob
{
    /// <summary>The answer's id, which names the request in logs too.</summary>
    public required string Id { get; init; }

    /// <summary>The conversation. Its media parts number the entries of <see cref="Media"/>.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Images, audio clips and videos of the conversation.</summary>
    public IReadOnlyList<MediaSource> Media { get; init; } = [];

    /// <summary>How media are prepared whose parts do not say.</summary>
    public MediaDefaults MediaDefaults { get; init; }

    /// <summary>Functions and their use.</summary>
    public ToolPolicy Tools { get; init; } = ToolPolicy.None;

    /// <summary>What the answer must look like; null for free text.</summary>
    public AnswerFormat? Format { get; init; }

    /// <summary>Whether the model thinks first.</summary>
    public bool Thinks { get; init; }

    /// <summary>The thought ends after this many tokens; null lets it be.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>More variables for the template.</summary>
    public ImmutableDictionary<string, JsonElement> TemplateVariables { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>Open the model's turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Go on with the last message.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Sampling, stops and the like.</summary>
    public GenerationSettings Settings { get; init; } = new();

    /// <summary>At most this many tokens; null takes what the context leaves.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Name of the field that limits tokens, for errors.</summary>
    public string MaxTokensParam { get; init; } = "max_tokens";

    /// <summary>Name of the field that holds the conversation, for errors.</summary>
    public string PromptParam { get; init; } = "messages";

    /// <summary>Report log-probabilities of this many best tokens; null reports none.</summary>
    public int? NumLogprobs { get; init; }

    /// <summary>Pass arguments of calls on as they come; else each call comes whole.</summary>
    public bool StreamsToolArguments { get; init; }
}
