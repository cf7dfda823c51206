using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>What a sequence's constraint has to do between two tokens, where that is not known already: take the last one, make the next mask.</summary>
/// <param name="sequence">Whose constraint; between the job's start and its end nobody else calls it.</param>
/// <param name="tokenId">The token to take; null when it was taken, or for the first mask.</param>
/// <param name="mask">Where the mask is written, <c>ceil(V / 32)</c> words; null when none is needed, as behind the last token.</param>
internal sealed class MaskJob(Sequence sequence, int? tokenId, uint[]? mask)
{
    private volatile bool _isCancelled;

    /// <summary>Whose it is.</summary>
    public Sequence Sequence => sequence;

    /// <summary>What the token meant.</summary>
    public AcceptResult Accepted { get; private set; } = AcceptResult.GoesOn;

    /// <summary>The mask; null allows every token.</summary>
    public uint[]? Mask { get; private set; }

    /// <summary>What the constraint threw; null when it did not.</summary>
    public Exception? Fault { get; set; }

    /// <summary>In which of <see cref="MaskWorkers"/>' rounds it was begun.</summary>
    public int Round { get; set; }

    /// <summary>Nobody wants the result: the sequence has ended. A job that runs already runs on.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>Does it. Never throws.</summary>
    public void Run()
    {
        if (_isCancelled)
            return;
        ITokenConstraint constraint = sequence.Constraint!;
        try
        {
            if (tokenId is int taken)
                Accepted = constraint.Accept(taken, mayCompute: true);
            if (Accepted == AcceptResult.GoesOn && mask is not null)
                Mask = constraint.FillMask(mask, mayCompute: true) == MaskResult.Masked ? mask : null;
        }
        catch (Exception e)
        {
            Fault = e;
        }
    }
}
