using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Completions;

/// <summary>The answer of <c>POST /v1/completions</c>, whole or one frame of a stream.</summary>
internal record TextCompletion
{
    /// <summary><c>cmpl-…</c></summary>
    public required string Id { get; init; }

    /// <summary>Always <c>text_completion</c>.</summary>
    public string Object { get; init; } = "text_completion";

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>Names build and weights.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>One entry an answer.</summary>
    public required TextChoice[] Choices { get; init; }
}

/// <summary>A whole answer, or a frame of a stream that was asked for token counts.</summary>
internal sealed record TextCompletionWithUsage : TextCompletion
{
    /// <summary>Token counts; null in all frames but the last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Usage? Usage { get; init; }
}

/// <summary>One answer, or what is new in it.</summary>
internal sealed record TextChoice
{
    /// <summary>Prompt number times <c>n</c>, plus the answer's number.</summary>
    public required int Index { get; init; }

    /// <summary>The text.</summary>
    public required string Text { get; init; }

    /// <summary>Log-probabilities, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TextLogprobs? Logprobs { get; init; }

    /// <summary><c>stop</c> or <c>length</c>; null in all frames but an answer's last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    /// <summary>The answer's tokens, when <c>return_token_ids</c> asked.</summary>
    public IReadOnlyList<int>? TokenIds { get; init; }
}

/// <summary>Log-probabilities in the older layout: four lists of one length.</summary>
internal sealed record TextLogprobs
{
    /// <summary>The tokens' texts.</summary>
    public required string[] Tokens { get; init; }

    /// <summary>Their log-probabilities; null for the prompt's first token.</summary>
    public required double?[] TokenLogprobs { get; init; }

    /// <summary>Best tokens at each place and their log-probabilities; null for the prompt's first token.</summary>
    public required Dictionary<string, double>?[] TopLogprobs { get; init; }

    /// <summary>Where each token begins in the text.</summary>
    public required int[] TextOffset { get; init; }
}
