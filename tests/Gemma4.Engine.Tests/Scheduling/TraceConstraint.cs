using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Allows about half of the tokens, which half depends on all tokens so far; is complete after some of them, now and then loops before.</summary>
/// <param name="vocabularySize">V.</param>
/// <param name="length">Tokens until it is complete.</param>
/// <param name="computes">Asked before each answer that may be given at once whether it must be computed; null never computes.</param>
internal sealed class TraceConstraint(int vocabularySize, int length, Func<bool>? computes = null) : ITokenConstraintSource, ITokenConstraint
{
    private readonly Stack<uint> _states = [];      // before each token
    private uint _state = 1;

    public ITokenConstraint Create() => new TraceConstraint(vocabularySize, length, computes);

    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        if (!mayCompute && computes?.Invoke() == true)
            return MaskResult.NotAtOnce;
        if (_state % 5 == 0)
            return MaskResult.Unmasked;
        mask.Clear();
        for (int id = 0; id < vocabularySize; id++)
        {
            if (((_state ^ (uint)id) * 2654435761u) >> 31 == 0)
                mask[id >> 5] |= 1u << (id & 31);
        }
        mask[0] |= 1;
        return MaskResult.Masked;
    }

    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        if (!mayCompute && computes?.Invoke() == true)
            return AcceptResult.NotAtOnce;
        _states.Push(_state);
        _state = (_state * 31) + (uint)tokenId + 7;
        if (_state % 50 == 0)
            return AcceptResult.Loops;
        return _states.Count < length ? AcceptResult.GoesOn : AcceptResult.Complete;
    }

    public void Rollback(int numTokens)
    {
        for (int i = 0; i < numTokens; i++)
            _state = _states.Pop();
    }
}
