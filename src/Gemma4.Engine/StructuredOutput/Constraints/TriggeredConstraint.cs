using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Leaves the model free until it writes a certain token, and holds what follows to a grammar until that is complete.</summary>
/// <param name="rules">What starts it and how often.</param>
/// <param name="grammar">What follows the token.</param>
internal sealed class TriggeredConstraint(TriggerRules rules, CompiledGrammar grammar) : ITokenConstraint
{
    private readonly RecentStates<(GrammarConstraint? Current, int NumAccepted, bool IsDone)> _recent = new();
    private GrammarConstraint? _current;
    private bool _isDone;

    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        if (_current is not null)
            return _current.FillMask(mask, mayCompute);
        if (!_isDone)
            return MaskResult.Unmasked;
        mask.Clear();
        rules.Vocabulary.AddEndTokens(mask);
        foreach (int id in rules.EndTokens)
            mask[id >> 5] |= 1u << (id & 31);
        return MaskResult.Masked;
    }

    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        if (_current is null)
        {
            _recent.Push((null, 0, _isDone));
            if (tokenId == rules.Trigger)
                _current = new GrammarConstraint(grammar);
            return AcceptResult.GoesOn;
        }
        int numAccepted = _current.NumAccepted;
        AcceptResult result = _current.Accept(tokenId, mayCompute);
        if (result == AcceptResult.NotAtOnce)
            return result;
        _recent.Push((_current, numAccepted, _isDone));
        if (result == AcceptResult.Loops || (result == AcceptResult.GoesOn && !_current.CanEnd))
            return result;
        _current = null;
        _isDone = !rules.Repeats;
        return AcceptResult.GoesOn;
    }

    public void Rollback(int numTokens)
    {
        if (numTokens == 0)
            return;
        (_current, int numAccepted, _isDone) = _recent.Pop(numTokens);
        _current?.Rollback(_current.NumAccepted - numAccepted);
    }
}

/// <summary>What starts a <see cref="TriggeredConstraint"/>.</summary>
/// <param name="Vocabulary">The vocabulary.</param>
/// <param name="Trigger">The token.</param>
/// <param name="Repeats">It may start again; otherwise only the end is left.</param>
/// <param name="EndTokens">What may end the sequence besides the vocabulary's end tokens.</param>
internal sealed record TriggerRules(ConstraintVocabulary Vocabulary, int Trigger, bool Repeats, int[] EndTokens);

/// <summary>Makes a <see cref="TriggeredConstraint"/> for each sequence.</summary>
internal sealed class TriggeredSource(TriggerRules rules, CompiledGrammar grammar) : ITokenConstraintSource
{
    public ITokenConstraint Create() => new TriggeredConstraint(rules, grammar);
}
