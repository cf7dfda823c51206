using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>The values that satisfy a conjunction of schemas; a place in the grammar.</summary>
internal sealed class ValueNode(SchemaRef[] conjunction, SchemaRef origin)
{
    private ValueFrame? _frame;

    public SchemaRef[] Conjunction { get; } = conjunction;

    /// <summary>Where to point when it is refused.</summary>
    public SchemaRef Origin { get; } = origin;

    /// <summary>Null until expanded.</summary>
    public List<Shape>? Shapes { get; set; }

    /// <summary>Values that are one lexeme: scalars and given values.</summary>
    public List<Lexeme> Scalars { get; } = [];

    public List<ObjectPlan> Objects { get; } = [];

    public List<ArrayPlan> Arrays { get; } = [];

    /// <summary>All values, when they are few and given; each a lexeme. Null otherwise.</summary>
    public List<Lexeme>? Finite { get; set; }

    /// <summary>Some finite value satisfies it.</summary>
    public bool IsProductive { get; set; }

    public ValueFrame Frame(GrammarBuilder builder) => _frame ??= new(this) { Id = builder.NextFrameId() };
}

/// <summary>Waits for a value.</summary>
internal sealed class ValueFrame(ValueNode node) : Frame
{
    public override bool CanLeave => false;

    protected override Move[] ComputeMoves() =>
    [
        .. node.Scalars.Distinct().Select(s => new Move(s, null)),
        .. node.Objects.Where(o => o.IsProductive).Select(o => new Move(o.Open, o.Start)),
        .. node.Arrays.Where(a => a.IsProductive).Select(a => new Move(a.Open, a.Start)),
    ];
}
