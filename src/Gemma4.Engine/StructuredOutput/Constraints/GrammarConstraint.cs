using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>One sequence's way through a grammar. End tokens are allowed where the grammar may end, and only there.</summary>
internal sealed class GrammarConstraint(CompiledGrammar grammar) : ITokenConstraint
{
    private readonly LoopGuard _guard = new(grammar.Vocabulary.LoopLimit);
    private readonly RecentStates<(MachineState State, bool Ended, int NumGuarded)> _recent = new();
    private MachineState _state = grammar.Start;
    private bool _ended;

    /// <summary>The text so far is complete; it may still go on.</summary>
    public bool CanEnd => _state.CanEnd;

    /// <summary>Tokens accepted and not taken back.</summary>
    public int NumAccepted { get; private set; }

    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        if (_ended)
            mask.Clear();
        else if (mayCompute)
            grammar.Fill(_state, mask);
        else if (!grammar.TryFillAtOnce(_state, mask))
            return MaskResult.NotAtOnce;
        if (_state.CanEnd || _ended)
        {
            grammar.Vocabulary.AddEndTokens(mask);
            foreach (int id in grammar.EndTokens)
                mask[id >> 5] |= 1u << (id & 31);
        }
        else if (!mask.ContainsAnyExcept(0u))
        {
            // Where a search was given up, or the vocabulary has no single bytes. To end here would be to say that the answer is complete.
            throw new ConstraintException("", "the answer came to a place from which no token leads to a valid end");
        }
        return MaskResult.Masked;
    }

    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        if (_ended || grammar.Vocabulary.IsEndToken(tokenId) || grammar.EndTokens.Contains(tokenId))
        {
            Remember();
            _ended = true;
            return AcceptResult.Complete;
        }
        if ((mayCompute ? grammar.Step(_state, tokenId) : grammar.StepAtOnce(_state, tokenId)) is not { } next)
            return AcceptResult.NotAtOnce;
        Remember();
        _state = next;
        bool loops = _guard.IsLooping(tokenId, next);
        // With nothing left to say, the sequence ends without asking the model for an end token.
        bool isComplete = next.Ways.Length == 0;
        _ended = isComplete || loops;
        return isComplete ? AcceptResult.Complete : loops ? AcceptResult.Loops : AcceptResult.GoesOn;
    }

    public void Rollback(int numTokens)
    {
        if (numTokens == 0)
            return;
        (_state, _ended, int numGuarded) = _recent.Pop(numTokens);
        _guard.RollbackTo(numGuarded);
        NumAccepted -= numTokens;
    }

    private void Remember()
    {
        _recent.Push((_state, _ended, _guard.Count));
        NumAccepted++;
    }
}
