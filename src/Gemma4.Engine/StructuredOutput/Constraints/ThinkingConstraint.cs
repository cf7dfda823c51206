using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>A thought before the answer: the answer's constraint begins when the channel has closed, and a budget closes it.</summary>
/// <remarks>Held to an answer, a sequence either opens its channel at once or begins the answer at once: no text stands before the
/// channel, and within it nothing ends the sequence. Without an answer's constraint the model is free but for the budget.</remarks>
internal sealed class ThinkingConstraint : ITokenConstraint
{
    private readonly ThinkingRules _rules;
    private readonly ITokenConstraint? _answer;
    private readonly RecentStates<(Phase Phase, int Spent, int NumAnswered)> _recent = new();
    private Phase _phase;
    private int _spent;
    private int _numAnswered;      // tokens that the answer's constraint has accepted

    public ThinkingConstraint(ThinkingRules rules, ITokenConstraint? answer)
    {
        _rules = rules;
        _answer = answer;
        _phase = rules.StartsOpen ? Phase.Thinking : Phase.Before;
    }

    private enum Phase
    {
        Before,
        Thinking,
        After,
    }

    private bool IsSpent => _rules.Budget is int budget && _spent >= budget;

    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        switch (_phase)
        {
            case Phase.Thinking when IsSpent:
                mask.Clear();
                Set(mask, _rules.ChannelEnd);
                return MaskResult.Masked;
            case Phase.Thinking when _answer is not null:
                _rules.Vocabulary.FillText(mask);
                Set(mask, _rules.ChannelEnd);
                return MaskResult.Masked;
            case Phase.Before or Phase.After when _answer is not null:
                MaskResult result = _answer.FillMask(mask, mayCompute);
                if (result == MaskResult.Masked && _phase == Phase.Before && !IsSpent)
                    Set(mask, _rules.ChannelStart);
                return result;
            default:
                return MaskResult.Unmasked;
        }
    }

    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        if (_phase == Phase.Thinking)
        {
            Remember();
            _spent++;
            if (tokenId == _rules.ChannelEnd)
                _phase = Phase.After;
            return AcceptResult.GoesOn;
        }
        // A free answer may think again; the budget is for all thoughts together.
        if (tokenId == _rules.ChannelStart && (_phase == Phase.Before || _answer is null))
        {
            Remember();
            _phase = Phase.Thinking;
            return AcceptResult.GoesOn;
        }
        AcceptResult result = _answer?.Accept(tokenId, mayCompute) ?? AcceptResult.GoesOn;
        if (result == AcceptResult.NotAtOnce)
            return result;
        Remember();
        _phase = Phase.After;
        _numAnswered++;
        return result;
    }

    public void Rollback(int numTokens)
    {
        if (numTokens == 0)
            return;
        int answered = _numAnswered;
        (_phase, _spent, _numAnswered) = _recent.Pop(numTokens);
        _answer?.Rollback(answered - _numAnswered);
    }

    private void Remember() => _recent.Push((_phase, _spent, _numAnswered));

    private static void Set(Span<uint> mask, int tokenId) => mask[tokenId >> 5] |= 1u << (tokenId & 31);
}

/// <summary>What all sequences of a request share about their thoughts.</summary>
/// <param name="Vocabulary">The vocabulary.</param>
/// <param name="ChannelStart">Opens a thought.</param>
/// <param name="ChannelEnd">Closes it.</param>
/// <param name="StartsOpen">The prompt leaves the channel open.</param>
/// <param name="Budget">Tokens of thought, the label included; null is no limit.</param>
internal sealed record ThinkingRules(ConstraintVocabulary Vocabulary, int ChannelStart, int ChannelEnd, bool StartsOpen, int? Budget);

/// <summary>Makes a <see cref="ThinkingConstraint"/> for each sequence.</summary>
internal sealed class ThinkingSource(ThinkingRules rules, ITokenConstraintSource? answer) : ITokenConstraintSource
{
    public ITokenConstraint Create() => new ThinkingConstraint(rules, answer?.Create());
}
