using System.Text.Json.Serialization;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>Log-probabilities of an answer's tokens.</summary>
/// <param name="Content">One entry a token.</param>
internal sealed record ChatLogprobs(TokenLogprobDto[] Content)
{
    /// <summary>Always null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TokenLogprobDto[]? Refusal { get; init; }
}

/// <summary>A token, its natural log-probability before temperature and penalties, and the best tokens at its place.</summary>
internal sealed record TokenLogprobDto
{
    /// <summary>The token's text; a part of a character shows as U+FFFD.</summary>
    public required string Token { get; init; }

    /// <summary>Not below -9999.</summary>
    public required double Logprob { get; init; }

    /// <summary>The token's UTF-8 bytes.</summary>
    public required int[] Bytes { get; init; }

    /// <summary>The best tokens, best first; empty when none were asked for.</summary>
    public required TopLogprobDto[] TopLogprobs { get; init; }
}

/// <summary>One of the best tokens at a place.</summary>
/// <param name="Token">The token's text; a part of a character shows as U+FFFD.</param>
/// <param name="Logprob">Not below -9999.</param>
/// <param name="Bytes">The token's UTF-8 bytes.</param>
internal sealed record TopLogprobDto(string Token, double Logprob, int[] Bytes);
