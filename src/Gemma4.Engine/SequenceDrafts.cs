using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>Cuts what a drafter guesses to what a step can verify, and makes the masks that go with it. Engine thread only.</summary>
/// <remarks>
/// A guess that would end the sequence is left out: as the token behind the last draft it comes in the same step. So is one that the constraint
/// forbids, or that it cannot take at once, and all behind it. The constraint has accepted what is left, and goes back over what turns out
/// wrong (<see cref="SequenceMasks"/>).
/// </remarks>
/// <param name="drafter">Guesses.</param>
/// <param name="vocabularySize">V.</param>
internal sealed class SequenceDrafts(IDrafter drafter, int vocabularySize) : IDrafter
{
    /// <inheritdoc/>
    public int Draft(Sequence sequence, Span<int> tokenIds)
    {
        tokenIds = tokenIds[..drafter.Draft(sequence, tokenIds)];
        int count = 0;
        while (count < tokenIds.Length && !SequenceProgress.IsStopToken(sequence, tokenIds[count], count)
            && (sequence.Constraint is not { } constraint || TryAccept(sequence, constraint, tokenIds[count], count)))
        {
            count++;
        }
        return count;
    }

    /// <summary>Has the constraint take a guess and make the mask behind it, or leaves it as it was.</summary>
    private bool TryAccept(Sequence sequence, ITokenConstraint constraint, int tokenId, int index)
    {
        ReadOnlySpan<uint> mask = sequence.MaskAfter(index);
        if (mask.Length > 0 && (mask[tokenId >> 5] >> (tokenId & 31) & 1) == 0)
            return false;
        bool isAccepted = false;
        try
        {
            AcceptResult result = constraint.Accept(tokenId, mayCompute: false);
            isAccepted = result != AcceptResult.NotAtOnce;
            if (result == AcceptResult.GoesOn && TryMakeMask(sequence, constraint, index))
                return true;
        }
        catch (Exception)
        {
            // A guess must not end the sequence. If its token is sampled the constraint throws again, and then it counts.
        }
        if (isAccepted)
            constraint.Rollback(1);
        return false;
    }

    private bool TryMakeMask(Sequence sequence, ITokenConstraint constraint, int index)
    {
        DraftMasks masks = sequence.DraftMasks ??= new DraftMasks();
        MaskResult result = constraint.FillMask(masks.BufferOf(index, (vocabularySize + 31) / 32), mayCompute: false);
        masks.Set(index, result == MaskResult.Masked);
        return result != MaskResult.NotAtOnce;
    }
}
