namespace Gemma4.Engine;

/// <summary>Whether an engine serves.</summary>
/// <param name="State">In one word.</param>
/// <param name="Reason">Why it is not <see cref="EngineState.Ready"/>; null when it is.</param>
public sealed record EngineHealth(EngineState State, string? Reason = null)
{
    /// <summary>All is well.</summary>
    public static EngineHealth Ready { get; } = new(EngineState.Ready);
}

/// <summary>The states of <see cref="EngineHealth"/>.</summary>
public enum EngineState
{
    /// <summary>Serving.</summary>
    Ready,

    /// <summary>Serving, but the last step failed; the next good step makes it <see cref="Ready"/> again.</summary>
    Degraded,

    /// <summary>Finishing what it has; new requests are refused.</summary>
    Draining,

    /// <summary>A step hangs: its sequences were ended, and nothing is served unless it comes back.</summary>
    Stalled,

    /// <summary>It will not serve again.</summary>
    Failed,
}
