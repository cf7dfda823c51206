using System.Text.Json.Serialization;

namespace Gemma4.Server.Anthropic;

/// <summary>The whole answer of <c>POST /v1/messages</c>.</summary>
internal sealed record MessageResponse
{
    /// <summary><c>msg_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>message</c>.</summary>
    public string Type { get; init; } = "message";

    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>Thoughts, texts and calls in the order they were generated.</summary>
    public required ContentBlock[] Content { get; init; }

    /// <summary><c>end_turn</c>, <c>max_tokens</c>, <c>stop_sequence</c> or <c>tool_use</c>; null while it is generated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StopReason { get; init; }

    /// <summary>The stop sequence that was met.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StopSequence { get; init; }

    /// <summary>Token counts.</summary>
    public required MessageUsage Usage { get; init; }
}

/// <summary>Token counts.</summary>
/// <param name="InputTokens">Of the prompt, without those found in the prefix cache.</param>
/// <param name="OutputTokens">Generated, thoughts included.</param>
/// <param name="CacheReadInputTokens">Found in the prefix cache.</param>
/// <param name="CacheCreationInputTokens">Always 0: writing to the cache costs nothing.</param>
/// <param name="ImageTokens">Extension: of the prompt, cached or not, standing for images.</param>
/// <param name="ImageTokensEach">Extension: what each image cost, in the order of the prompt; absent where there is none.</param>
internal sealed record MessageUsage(
    int InputTokens, int OutputTokens, int CacheReadInputTokens, int CacheCreationInputTokens = 0, int? ImageTokens = null, IReadOnlyList<int>? ImageTokensEach = null);

/// <summary>How many tokens a request's prompt would have.</summary>
/// <param name="InputTokens">The tokens.</param>
internal sealed record MessageTokens(int InputTokens);
