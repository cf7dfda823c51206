using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>One sequence's way through a grammar. End tokens are allowed where the grammar may end, and only there.</summary>
internal sealed class GrammarConstraint(CompiledGrammar grammar) : ITokenConstraint
{
    private readonly LoopGuard _guard = new(grammar.Vocabulary.LoopLimit);
    private MachineState _state = grammar.Start;
    private bool _ended;

    /// <summary>The text so far is complete; it may still go on.</summary>
    public bool CanEnd => _state.CanEnd;

    /// <summary>It ended because it went round in circles.</summary>
    public bool IsLooping { get; private set; }

    public bool TryFillMask(Span<uint> mask)
    {
        if (_ended)
            mask.Clear();
        else
            grammar.Fill(_state, mask);
        // A vocabulary without single bytes can come to a place where no token fits; ending is all that is left.
        if (_state.CanEnd || _ended || !mask.ContainsAnyExcept(0u))
        {
            grammar.Vocabulary.AddEndTokens(mask);
            foreach (int id in grammar.EndTokens)
                mask[id >> 5] |= 1u << (id & 31);
        }
        return true;
    }

    public bool Accept(int tokenId)
    {
        if (_ended || grammar.Vocabulary.IsEndToken(tokenId) || grammar.EndTokens.Contains(tokenId))
        {
            _ended = true;
            return false;
        }
        _state = grammar.Step(_state, tokenId);
        IsLooping = _guard.IsLooping(tokenId);
        // With nothing left to say, the sequence ends without asking the model for an end token.
        _ended = _state.Ways.Length == 0 || IsLooping;
        return !_ended;
    }
}
