using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>Text the caller expects; accepted, not used.</summary>
internal sealed record PredictionDto
{
    /// <summary>Always <c>content</c>.</summary>
    [AllowedValues("content")]
    public required string Type { get; init; }

    /// <summary>The expected text.</summary>
    public required MessageContent Content { get; init; }
}
