using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>One sequence's way through a grammar. End tokens are allowed where the grammar may end, and only there.</summary>
internal sealed class GrammarConstraint(CompiledGrammar grammar) : ITokenConstraint
{
    private MachineState _state = grammar.Start;
    private bool _ended;

    /// <summary>The text so far is complete; it may still go on.</summary>
    public bool CanEnd => _state.CanEnd;

    public bool TryFillMask(Span<uint> mask)
    {
        ConstraintVocabulary vocabulary = grammar.Vocabulary;
        if (_ended)
            mask.Clear();
        else
            grammar.Fill(_state, mask);
        // A vocabulary without single bytes can come to a place where no token fits; ending is all that is left.
        if (_state.CanEnd || _ended || !mask.ContainsAnyExcept(0u))
            vocabulary.AddEndTokens(mask);
        return true;
    }

    public bool Accept(int tokenId)
    {
        if (_ended || grammar.Vocabulary.IsEndToken(tokenId))
        {
            _ended = true;
            return false;
        }
        _state = grammar.Step(_state, tokenId);
        // With nothing left to say, the sequence ends without asking the model for an end token.
        _ended = _state.Ways.Length == 0;
        return !_ended;
    }
}
