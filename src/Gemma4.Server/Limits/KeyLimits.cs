using System.Collections.Immutable;

namespace Gemma4.Server.Limits;

/// <summary>What the holder of a key may take; null is without limit.</summary>
internal sealed record KeyLimits
{
    /// <summary>No limit at all.</summary>
    public static KeyLimits None { get; } = new();

    /// <summary>Requests a minute.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, of prompts and answers together.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests being served at once.</summary>
    public int? MaxConcurrent { get; init; }

    /// <summary>Ids of models that requests may name; empty for all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>Place in the order of service; a smaller one is served earlier.</summary>
    public int Priority { get; init; }
}
