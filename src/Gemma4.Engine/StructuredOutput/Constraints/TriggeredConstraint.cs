using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Leaves the model free until it writes a certain token, and holds what follows to a grammar until that is complete.</summary>
/// <param name="rules">What starts it and how often.</param>
/// <param name="grammar">What follows the token.</param>
internal sealed class TriggeredConstraint(TriggerRules rules, CompiledGrammar grammar) : ITokenConstraint
{
    private GrammarConstraint? _current;
    private bool _isDone;

    public bool TryFillMask(Span<uint> mask)
    {
        if (_current is not null)
            return _current.TryFillMask(mask);
        if (!_isDone)
            return false;
        mask.Clear();
        rules.Vocabulary.AddEndTokens(mask);
        foreach (int id in rules.EndTokens)
            mask[id >> 5] |= 1u << (id & 31);
        return true;
    }

    public bool Accept(int tokenId)
    {
        if (_current is null)
        {
            if (tokenId == rules.Trigger)
                _current = new GrammarConstraint(grammar);
            return true;
        }
        bool goesOn = _current.Accept(tokenId);
        if (_current.IsLooping)
            return false;
        if (goesOn && !_current.CanEnd)
            return true;
        _current = null;
        _isDone = !rules.Repeats;
        return true;
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
