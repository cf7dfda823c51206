using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>How pictures of a request are prepared (<c>mm_processor_kwargs</c>).</summary>
internal sealed record MediaProcessing
{
    /// <summary>Soft tokens of each picture that does not say itself: 70, 140, 280, 560 or 1120.</summary>
    [Range(1, 1120)]
    public int? MaxSoftTokens { get; init; }
}
