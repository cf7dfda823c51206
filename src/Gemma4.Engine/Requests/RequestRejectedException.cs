namespace Gemma4.Engine.Requests;

/// <summary>Why a request was refused.</summary>
public enum RejectionReason
{
    /// <summary>A value is wrong; <see cref="RequestRejectedException.Param"/> names it.</summary>
    InvalidRequest,

    /// <summary>Prompt and wanted tokens do not fit the context, or memory can never hold them.</summary>
    ContextLengthExceeded,

    /// <summary>The queue is full; try again later.</summary>
    QueueFull,

    /// <summary>The engine is stopping or has failed.</summary>
    Unavailable,

    /// <summary>A media item could not be read, fetched or is not allowed.</summary>
    InvalidMedia,
}

/// <summary>A refusal to the caller, at admission or, where the fault shows only then, while its answer is made. The server's one error table
/// maps it to a status.</summary>
/// <param name="reason">Which refusal.</param>
/// <param name="message">What is wrong and how to mend it.</param>
/// <param name="param">The request field at fault, as the API spells it; null when none is.</param>
/// <param name="code">A more exact error code than the reason's, when there is one.</param>
public sealed class RequestRejectedException(RejectionReason reason, string message, string? param = null, string? code = null)
    : Exception(message)
{
    /// <summary>Which refusal.</summary>
    public RejectionReason Reason { get; } = reason;

    /// <summary>The request field at fault, as the API spells it; null when none is.</summary>
    public string? Param { get; } = param;

    /// <summary>A more exact error code than the reason's, when there is one.</summary>
    public string? Code { get; } = code;

    /// <summary>When trying again makes sense; null when it does not or is not known.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
