namespace Gemma4.Engine.Requests;

/// <summary>What a constraint made of the question which tokens may come next.</summary>
public enum MaskResult
{
    /// <summary>The mask holds the allowed tokens.</summary>
    Masked,

    /// <summary>Every token is allowed, so that the caller can skip masking.</summary>
    Unmasked,

    /// <summary>It must be computed, and the caller did not want that.</summary>
    NotAtOnce,
}
