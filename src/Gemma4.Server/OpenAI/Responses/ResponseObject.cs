using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A response: what was asked for and what came of it.</summary>
internal sealed record ResponseObject
{
    /// <summary><c>resp_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>response</c>.</summary>
    public string Object { get; init; } = "response";

    /// <summary>Seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Seconds since 1970, once completed.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>As asked for.</summary>
    public bool Background { get; init; }

    /// <summary>As asked for.</summary>
    public ResponseConversationObject? Conversation { get; init; }

    /// <summary>What failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponseError? Error { get; init; }

    /// <summary>Why it is incomplete.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IncompleteDetails? IncompleteDetails { get; init; }

    /// <summary>As asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Instructions { get; init; }

    /// <summary>As asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? MaxOutputTokens { get; init; }

    /// <summary>As asked for.</summary>
    public int? MaxToolCalls { get; init; }

    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>Thoughts, messages and calls in the order they were generated.</summary>
    public required ResponseItem[] Output { get; init; }

    /// <summary>As asked for.</summary>
    public required bool ParallelToolCalls { get; init; }

    /// <summary>As asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PreviousResponseId { get; init; }

    /// <summary>As asked for.</summary>
    public string? PromptCacheKey { get; init; }

    /// <summary>As asked for.</summary>
    public required ResponseReasoning Reasoning { get; init; }

    /// <summary>As asked for.</summary>
    public string? SafetyIdentifier { get; init; }

    /// <summary>There is one tier.</summary>
    public string ServiceTier { get; init; } = "default";

    /// <summary>Whether it is kept.</summary>
    public required bool Store { get; init; }

    /// <summary>As used.</summary>
    public required double Temperature { get; init; }

    /// <summary>As asked for.</summary>
    public required ResponseText Text { get; init; }

    /// <summary>As asked for.</summary>
    public required ResponseToolChoice ToolChoice { get; init; }

    /// <summary>As asked for.</summary>
    public required ResponseTool[] Tools { get; init; }

    /// <summary>As asked for.</summary>
    public required int TopLogprobs { get; init; }

    /// <summary>As used.</summary>
    public required double TopP { get; init; }

    /// <summary>As asked for.</summary>
    public required string Truncation { get; init; }

    /// <summary>Token counts, at the end.</summary>
    public ResponseUsage? Usage { get; init; }

    /// <summary>As asked for.</summary>
    public string? User { get; init; }

    /// <summary>As asked for.</summary>
    public required Dictionary<string, string> Metadata { get; init; }
}

/// <summary>Why a response is incomplete.</summary>
/// <param name="Reason">Always <c>max_output_tokens</c>.</param>
internal sealed record IncompleteDetails(string Reason);

/// <summary>What failed.</summary>
/// <param name="Code"><c>server_error</c>; <c>invalid_prompt</c> where the request asks for what cannot be done; <c>interrupted</c> where the server that made
/// it in the background ended, and it cannot be made again.</param>
/// <param name="Message">In words.</param>
internal sealed record ResponseError(string Code, string Message);

/// <summary>Token counts.</summary>
/// <param name="InputTokens">Of the prompt as the model saw it.</param>
/// <param name="InputTokensDetails">More about them.</param>
/// <param name="OutputTokens">Generated, thoughts included.</param>
/// <param name="OutputTokensDetails">More about them.</param>
/// <param name="TotalTokens">Their sum.</param>
internal sealed record ResponseUsage(
    int InputTokens, InputTokensDetails InputTokensDetails, int OutputTokens, OutputTokensDetails OutputTokensDetails, int TotalTokens);

/// <summary>More about the prompt's tokens.</summary>
/// <param name="CachedTokens">Found in the prefix cache.</param>
/// <param name="CacheWriteTokens">Always 0: writing to the cache costs nothing.</param>
/// <param name="ImageTokens">Extension: standing for images and frames of videos.</param>
/// <param name="ImageTokensEach">Extension: what each image and frame cost, in the order of the prompt; absent where there is none.</param>
/// <param name="AudioTokens">Extension: standing for audio clips.</param>
/// <param name="AudioTokensEach">Extension: what each audio clip, or window of a long one, cost; absent where there is none.</param>
internal sealed record InputTokensDetails(
    int CachedTokens,
    int CacheWriteTokens = 0,
    int? ImageTokens = null,
    IReadOnlyList<int>? ImageTokensEach = null,
    int? AudioTokens = null,
    IReadOnlyList<int>? AudioTokensEach = null);

/// <summary>More about the generated tokens.</summary>
/// <param name="ReasoningTokens">Spent on thoughts.</param>
internal sealed record OutputTokensDetails(int ReasoningTokens);
