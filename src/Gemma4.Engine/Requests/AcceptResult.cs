namespace Gemma4.Engine.Requests;

/// <summary>What a token that was taken means to a constraint.</summary>
public enum AcceptResult
{
    /// <summary>More may follow.</summary>
    GoesOn,

    /// <summary>Nothing can follow, as behind a finished grammar: the sequence ends with <see cref="FinishReason.Stop"/>.</summary>
    Complete,

    /// <summary>The text goes round in circles and is not complete: the sequence ends with <see cref="FinishReason.Length"/>.</summary>
    Loops,

    /// <summary>It must be computed, and the caller did not want that.</summary>
    NotAtOnce,
}
