namespace Gemma4.Engine.Requests;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token, a stop string or a finished constraint.</summary>
    Stop,

    /// <summary>The token limit or the context is reached, or constrained text went round in circles: the answer is not complete.</summary>
    Length,

    /// <summary>The caller left or asked for it.</summary>
    Aborted,

    /// <summary>A step failed; <see cref="TokenEvent.Error"/> says how.</summary>
    Error,
}
