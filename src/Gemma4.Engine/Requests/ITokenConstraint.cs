namespace Gemma4.Engine.Requests;

/// <summary>Says which tokens may come next in one sequence: a grammar, a JSON schema, a thinking budget.</summary>
/// <remarks>
/// One instance serves one sequence and is called in the order <see cref="FillMask"/>, sample, <see cref="Accept"/>. It outlives preemption.
/// Where tokens are drafted it accepts them before they are verified, and goes back over those that turn out wrong (<see cref="Rollback"/>).
/// Calls never overlap, but come from different threads: those that may compute come from a thread whose time is nobody else's, the others
/// from the engine's thread, which every sequence waits for. Each call sees what the one before it has done. A call that throws has changed
/// nothing; what it throws ends its sequence with an error, and no other.
/// </remarks>
public interface ITokenConstraint
{
    /// <summary>Most tokens that can be taken back, and so most that a step drafts for one sequence.</summary>
    const int MaxRollback = 16;

    /// <summary>Writes the allowed-token mask for the next position.</summary>
    /// <param name="mask">One bit a token id, <c>ceil(V / 32)</c> words, least significant bit first. Overwritten whole when the result is
    /// <see cref="MaskResult.Masked"/>, with at least one bit set; of no meaning otherwise.</param>
    /// <param name="mayCompute">False asks for what is known already: the call must return at once and wait for no lock.</param>
    /// <returns><see cref="MaskResult.NotAtOnce"/> only where <paramref name="mayCompute"/> is false.</returns>
    /// <exception cref="RequestRejectedException">The request is at fault, as when its grammar is too complex; the caller is told the message.</exception>
    MaskResult FillMask(Span<uint> mask, bool mayCompute);

    /// <summary>Advances over the token that was sampled, or is drafted.</summary>
    /// <param name="tokenId">A token the last mask allowed.</param>
    /// <param name="mayCompute">As for <see cref="FillMask"/>.</param>
    /// <returns><see cref="AcceptResult.NotAtOnce"/> only where <paramref name="mayCompute"/> is false; then nothing has changed.</returns>
    /// <exception cref="RequestRejectedException">As for <see cref="FillMask"/>.</exception>
    AcceptResult Accept(int tokenId, bool mayCompute);

    /// <summary>Goes back to where it stood before the last accepted tokens, also where one of them had ended the text. Returns at once.</summary>
    /// <param name="numTokens">How many, at most <see cref="MaxRollback"/>, and no more than were accepted.</param>
    void Rollback(int numTokens);
}
