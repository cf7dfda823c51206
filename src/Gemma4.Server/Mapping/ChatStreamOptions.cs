namespace Gemma4.Server.Mapping;

/// <summary>How one chat request wants its stream.</summary>
internal sealed record ChatStreamOptions
{
    /// <summary><c>n</c>.</summary>
    public required int NumAnswers { get; init; }

    /// <summary>Whether a last chunk carries the counts.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Whether every chunk does.</summary>
    public bool ContinuousUsage { get; init; }

    /// <summary>Maps log-probabilities; null when none were asked for.</summary>
    public LogprobMapper? Logprobs { get; init; }

    /// <summary>Names of thoughts.</summary>
    public ReasoningNames Reasoning { get; init; }

    /// <summary>Whether the request named the function to call.</summary>
    public bool IsNamed { get; init; }

    /// <summary><c>default</c>, when the request asked for a tier.</summary>
    public string? ServiceTier { get; init; }
}
