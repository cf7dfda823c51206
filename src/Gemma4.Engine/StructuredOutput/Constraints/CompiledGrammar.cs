using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>A grammar ready for use, shared by all sequences that follow it; what one finds out serves the others.</summary>
internal sealed class CompiledGrammar : IKeptConstraint
{
    private readonly Lock _lock = new();
    private readonly Machine _machine;
    private readonly MaskBuilder _masks;
    private readonly WorkBudget _budget;
    private readonly WorkLimits _limits;
    private readonly long _bytesBetweenMasks;
    private readonly long _bytesAtStart;

    /// <summary>Finishes what the builder holds. The first mask is made now: it is needed in any case, and one that is too dear shows
    /// while the request can still be refused.</summary>
    /// <exception cref="ConstraintTooComplexException">The first mask costs more than compiling may.</exception>
    public CompiledGrammar(GrammarBuilder builder, Frame root, ConstraintVocabulary vocabulary, params int[] endTokens)
    {
        builder.Lexer.Freeze();
        Vocabulary = vocabulary;
        EndTokens = endTokens;
        _budget = builder.Budget;
        _limits = builder.Limits.Mask;
        _bytesBetweenMasks = builder.Limits.BytesBetweenMasks;
        _machine = new(builder.Lexer, root);
        _masks = new(_machine, vocabulary, builder.AnyTextCharacter);
        _budget.Settle();
        _masks.Fill(_machine.Start, new uint[vocabulary.NumWords]);
        _budget.Place = "";
        _bytesAtStart = _budget.BytesSettled;
    }

    public ConstraintVocabulary Vocabulary { get; }

    /// <summary>What may end a sequence besides the vocabulary's end tokens.</summary>
    public int[] EndTokens { get; }

    public MachineState Start => _machine.Start;

    /// <inheritdoc/>
    public long BytesKept => _budget.BytesSettled + _budget.BytesFound;

    /// <inheritdoc/>
    public bool IsWornOut => _budget.BytesSettled - _bytesAtStart > _bytesBetweenMasks;

    public ITokenConstraint Create() => new GrammarConstraint(this);

    /// <summary>Overwrites <paramref name="mask"/> with the tokens that may follow.</summary>
    /// <exception cref="ConstraintTooComplexException">That costs more than one mask may.</exception>
    public void Fill(MachineState state, Span<uint> mask)
    {
        lock (_lock)
        {
            _budget.Begin(_limits);
            _masks.Fill(state, mask);
        }
    }

    /// <summary>The same if the mask is known and nobody is at work on the grammar.</summary>
    public bool TryFillAtOnce(MachineState state, Span<uint> mask)
    {
        if (!_lock.TryEnter())
            return false;
        try
        {
            bool isKnown = MaskBuilder.IsKnown(state);
            if (isKnown)
                _masks.Fill(state, mask);
            return isKnown;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>The state after a token, as <see cref="Step"/> gives it, if it is known and nobody is at work on the grammar; null otherwise.</summary>
    public MachineState? StepAtOnce(MachineState state, int tokenId)
    {
        if (!_lock.TryEnter())
            return null;
        try
        {
            MachineState? next = state;
            foreach (byte value in Vocabulary.BytesOf(tokenId))
                next = next?.Next?[_machine.Lexer.ClassOf[value]];
            return next;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Does something while nobody else is at work on the grammar: as long as a mask takes, for tests.</summary>
    internal void Hold(Action action)
    {
        lock (_lock)
            action();
    }

    /// <summary>The state after a token; a dead one if the token was not allowed.</summary>
    /// <exception cref="ConstraintTooComplexException">That costs more than one mask may.</exception>
    public MachineState Step(MachineState state, int tokenId)
    {
        lock (_lock)
        {
            if (_budget.BytesFound > _bytesBetweenMasks)
                _machine.Trim();
            _budget.Begin(_limits);
            foreach (byte value in Vocabulary.BytesOf(tokenId))
                state = _machine.Step(state, value);
            return state;
        }
    }
}
