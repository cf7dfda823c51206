using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>How an array of one shape is written.</summary>
internal sealed class ArrayPlan
{
    private const int MaxDistinct = 256;

    private readonly Dictionary<ArrayState, ArrayFrame> _frames = [];

    public required GrammarBuilder Builder { get; init; }

    public required SchemaRef Origin { get; init; }

    public required Lexeme Open { get; init; }

    public required Lexeme Close { get; init; }

    public required Lexeme Comma { get; init; }

    /// <summary>By index, the last for all that follow; each with the rules an item of it satisfies.</summary>
    public required (ValueNode Value, uint Rules)[][] Items { get; init; }

    /// <summary>How many items must, and may, satisfy each rule.</summary>
    public required (int Min, int Max)[] Rules { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    /// <summary>All values an item can have, when no two may be equal; null when they may.</summary>
    public Lexeme[]? Distinct { get; private set; }

    /// <summary>The schema that asks for unique items; null when none does.</summary>
    public required SchemaRef? Unique { get; init; }

    public bool IsProductive { get; set; }

    public bool IsIntricate => Rules.Length > 0 || Distinct is not null;

    public ArrayFrame Start => Frame(new(ObjectPhase.Opened, 0, 0, default));

    /// <summary>Once all nodes are compiled: unique items can be kept apart where the values are few and known.</summary>
    public void SettleUnique()
    {
        if (Unique is null || Max <= 1)
            return;
        if (Items is not [[({ Finite: { Count: <= MaxDistinct } values }, 0)]])
            throw Unique.Refuse("unique items are supported where they are given by enum or const, or where there is at most one", "uniqueItems");
        Distinct = [.. values];
    }

    /// <summary>Forgets the frames and what they know; only while the grammar is being compiled.</summary>
    public void Forget() => _frames.Clear();

    public ArrayFrame Frame(ArrayState state)
    {
        if (!_frames.TryGetValue(state, out ArrayFrame? frame))
            _frames.Add(state, frame = new(this, state) { Id = Builder.NextFrameId() });
        return frame;
    }
}

/// <summary>How far an array is written.</summary>
/// <param name="Phase">Where.</param>
/// <param name="Index">Of the next item, as far as it matters.</param>
/// <param name="Satisfied">How many items satisfied each rule: eight bits a rule, as far as it matters.</param>
/// <param name="Used">Which of the distinct values came.</param>
internal readonly record struct ArrayState(ObjectPhase Phase, int Index, uint Satisfied, NameSet Used);
