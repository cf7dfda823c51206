using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>A lexeme or a place of its own.</summary>
internal readonly record struct GrammarSymbol(Lexeme? Lexeme, Frame? Frame)
{
    public static GrammarSymbol Of(Lexeme lexeme) => new(lexeme, null);

    public static GrammarSymbol Of(Frame frame) => new(null, frame);
}

/// <summary>A rule of a context-free grammar: one of some sequences. Alternatives may be added until the grammar is used.</summary>
internal sealed class GrammarRule(GrammarBuilder builder)
{
    private readonly List<GrammarSymbol[]> _alternatives = [];
    private RuleFrame? _frame;

    public IReadOnlyList<GrammarSymbol[]> Alternatives => _alternatives;

    public RuleFrame Frame => _frame ??= new(this) { Id = builder.NextFrameId() };

    public void Add(params GrammarSymbol[] sequence) => _alternatives.Add(sequence);

    /// <summary>The place before a symbol of a sequence; null after its end.</summary>
    public SequenceFrame? Rest(GrammarSymbol[] sequence, int position) =>
        position == sequence.Length ? null : new(this, sequence, position) { Id = builder.NextFrameId() };
}

/// <summary>Waits for any of a rule's sequences.</summary>
internal sealed class RuleFrame(GrammarRule rule) : Frame
{
    public override bool CanLeave => rule.Alternatives.Any(a => a.Length == 0);

    protected override Move[] ComputeMoves() =>
        [.. rule.Alternatives.Where(a => a.Length > 0).Select(a => SequenceFrame.Step(rule, a, 0))];
}

/// <summary>Waits within a sequence.</summary>
internal sealed class SequenceFrame(GrammarRule rule, GrammarSymbol[] sequence, int position) : Frame
{
    public override bool CanLeave => false;

    /// <summary>Over one symbol. What is done is not kept on the stack, so repetition does not deepen it.</summary>
    public static Move Step(GrammarRule rule, GrammarSymbol[] sequence, int position) =>
        new(sequence[position].Lexeme, rule.Rest(sequence, position + 1), sequence[position].Frame);

    protected override Move[] ComputeMoves() => [Step(rule, sequence, position)];
}
