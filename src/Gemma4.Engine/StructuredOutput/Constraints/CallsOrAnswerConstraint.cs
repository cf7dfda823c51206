using Gemma4.Engine.Requests;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Calls of tools, or instead of them an answer: the first token decides which.</summary>
/// <param name="callStart">The token that opens a call; no answer begins with it.</param>
/// <param name="calls">Begins with that token.</param>
/// <param name="answer">Constrains from its first token on.</param>
internal sealed class CallsOrAnswerConstraint(int callStart, ITokenConstraint calls, ITokenConstraint answer) : ITokenConstraint
{
    private ITokenConstraint? _chosen;
    private int _numAccepted;

    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        if (_chosen is not null)
            return _chosen.FillMask(mask, mayCompute);
        MaskResult result = answer.FillMask(mask, mayCompute);
        if (result == MaskResult.Masked)
            mask[callStart >> 5] |= 1u << (callStart & 31);
        return result;
    }

    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        ITokenConstraint chosen = _chosen ?? (tokenId == callStart ? calls : answer);
        AcceptResult result = chosen.Accept(tokenId, mayCompute);
        if (result == AcceptResult.NotAtOnce)
            return result;
        _chosen = chosen;
        _numAccepted++;
        return result;
    }

    public void Rollback(int numTokens)
    {
        if (numTokens == 0)
            return;
        _chosen!.Rollback(numTokens);
        _numAccepted -= numTokens;
        if (_numAccepted == 0)
            _chosen = null;
    }
}

/// <summary>Makes a <see cref="CallsOrAnswerConstraint"/> for each sequence.</summary>
internal sealed class CallsOrAnswerSource(int callStart, ITokenConstraintSource calls, ITokenConstraintSource answer) : ITokenConstraintSource
{
    public ITokenConstraint Create() => new CallsOrAnswerConstraint(callStart, calls.Create(), answer.Create());
}
