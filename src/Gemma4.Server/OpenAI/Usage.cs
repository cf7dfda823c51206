namespace Gemma4.Server.OpenAI;

/// <summary>Token counts of a request.</summary>
internal sealed record Usage
{
    /// <summary>Tokens of the prompt as the model saw it, counted once however many answers were asked for.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Generated tokens of all answers, thoughts included.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>Their sum.</summary>
    public required int TotalTokens { get; init; }

    /// <summary>More about the prompt.</summary>
    public required PromptTokensDetails PromptTokensDetails { get; init; }

    /// <summary>More about the answers.</summary>
    public required CompletionTokensDetails CompletionTokensDetails { get; init; }
}

/// <summary>More about the prompt's tokens.</summary>
/// <param name="CachedTokens">Found in the prefix cache.</param>
/// <param name="AudioTokens">Standing for audio.</param>
/// <param name="ImageTokens">Extension: standing for images and frames of videos.</param>
/// <param name="ImageTokensEach">Extension: what each image and frame cost, in the order of the prompt; absent where there is none.</param>
/// <param name="AudioTokensEach">Extension: what each audio clip, or window of a long one, cost; absent where there is none.</param>
internal sealed record PromptTokensDetails(
    int CachedTokens,
    int AudioTokens,
    int? ImageTokens = null,
    IReadOnlyList<int>? ImageTokensEach = null,
    IReadOnlyList<int>? AudioTokensEach = null);

/// <summary>More about the generated tokens.</summary>
/// <param name="ReasoningTokens">Spent on thoughts.</param>
/// <param name="AudioTokens">Always 0.</param>
/// <param name="AcceptedPredictionTokens">Always 0: predictions are not used.</param>
/// <param name="RejectedPredictionTokens">Always 0.</param>
internal sealed record CompletionTokensDetails(
    int ReasoningTokens, int AudioTokens = 0, int AcceptedPredictionTokens = 0, int RejectedPredictionTokens = 0);
