namespace Gemma4.Engine.Requests;

/// <summary>Says which tokens may come next in one sequence: a grammar, a JSON schema, a thinking budget.</summary>
/// <remarks>
/// One instance serves one sequence and is called in the order <see cref="FillMask"/>, sample, <see cref="Accept"/>. It outlives preemption:
/// accepted tokens are never taken back. Calls never overlap, but come from different threads: those that may compute come from a thread
/// whose time is nobody else's, the others from the engine's thread, which every sequence waits for. Each call sees what the one before
/// it has done. What a call throws ends its sequence with an error, and no other.
/// </remarks>
public interface ITokenConstraint
{
    /// <summary>Writes the allowed-token mask for the next position.</summary>
    /// <param name="mask">One bit a token id, <c>ceil(V / 32)</c> words, least significant bit first. Overwritten whole when the result is
    /// <see cref="MaskResult.Masked"/>, with at least one bit set; of no meaning otherwise.</param>
    /// <param name="mayCompute">False asks for what is known already: the call must return at once and wait for no lock.</param>
    /// <returns><see cref="MaskResult.NotAtOnce"/> only where <paramref name="mayCompute"/> is false.</returns>
    /// <exception cref="RequestRejectedException">The request is at fault, as when its grammar is too complex; the caller is told the message.</exception>
    MaskResult FillMask(Span<uint> mask, bool mayCompute);

    /// <summary>Advances over the token that was sampled.</summary>
    /// <param name="tokenId">A token the last mask allowed.</param>
    /// <param name="mayCompute">As for <see cref="FillMask"/>.</param>
    /// <returns><see cref="AcceptResult.NotAtOnce"/> only where <paramref name="mayCompute"/> is false; then nothing has changed.</returns>
    /// <exception cref="RequestRejectedException">As for <see cref="FillMask"/>.</exception>
    AcceptResult Accept(int tokenId, bool mayCompute);
}
