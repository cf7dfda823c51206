namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>What a grammar is built with: expressions, lexemes and ids of frames.</summary>
internal sealed class GrammarBuilder
{
    /// <summary>About what a frame and its place in a table take, without its moves.</summary>
    private const int BytesOfFrame = 200;

    private int _nextFrame;

    /// <param name="budget">Pays for all that is built; null for one without limits.</param>
    public GrammarBuilder(WorkBudget? budget = null)
    {
        Rx = new(budget);
        Lexer = new(Rx);
    }

    public RxBuilder Rx { get; }

    public Lexer Lexer { get; }

    /// <summary>Expressions for any one character of a text; see <see cref="Vocabulary.MaskBuilder"/>.</summary>
    public HashSet<Rx> AnyTextCharacter => Rx.AnyTextCharacter;

    /// <summary>What the grammar may still cost.</summary>
    public WorkBudget Budget => Rx.Budget;

    /// <summary>What the parts of a grammar may measure.</summary>
    public ConstraintLimits Limits { get; init; } = new();

    /// <summary>The id of a new frame, which is paid for.</summary>
    public int NextFrameId()
    {
        Budget.Charge(4);
        Budget.KeepForGood(BytesOfFrame);
        return _nextFrame++;
    }
}
