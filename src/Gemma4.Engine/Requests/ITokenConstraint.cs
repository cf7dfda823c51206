namespace Gemma4.Engine.Requests;

/// <summary>Says which tokens may come next in one sequence: a grammar, a JSON schema, a thinking budget.</summary>
/// <remarks>
/// One instance serves one sequence and is called on the engine thread only, in the order
/// <see cref="TryFillMask"/>, sample, <see cref="Accept"/>. It outlives preemption: accepted tokens are never taken back.
/// </remarks>
public interface ITokenConstraint
{
    /// <summary>Writes the allowed-token mask for the next position.</summary>
    /// <param name="mask">One bit a token id, <c>ceil(V / 32)</c> words, least significant bit first; overwritten whole when the
    /// result is true, untouched otherwise. At least one bit is set.</param>
    /// <returns>False when every token is allowed, so that the caller can skip masking.</returns>
    bool TryFillMask(Span<uint> mask);

    /// <summary>Advances over the token that was sampled.</summary>
    /// <param name="tokenId">A token the last mask allowed.</param>
    /// <returns>False when the constraint asks for the sequence to end after this token (a loop guard, a finished grammar
    /// without an end token); the sequence then finishes with <see cref="FinishReason.Stop"/>.</returns>
    bool Accept(int tokenId);
}
