namespace Gemma4.Server.OpenAI;

/// <summary>What a stream carries beside the answer.</summary>
internal sealed record StreamOptions
{
    /// <summary>Send one last chunk with the token counts.</summary>
    public bool? IncludeUsage { get; init; }

    /// <summary>Accepted; nothing is ever obfuscated.</summary>
    public bool? IncludeObfuscation { get; init; }

    /// <summary>Extension: token counts in every chunk.</summary>
    public bool? ContinuousUsageStats { get; init; }
}
