using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>A property that may come: its name as a lexeme, and what its value may be.</summary>
/// <param name="Key">The name and its colon.</param>
/// <param name="Value">The value, when no rule is to be satisfied with it.</param>
/// <param name="Rules">Values that satisfy one of the plan's rules besides.</param>
internal sealed record PropertyOption(Lexeme Key, ValueNode Value, (int Rule, ValueNode Value)[] Rules)
{
    /// <summary>Some value exists.</summary>
    public bool CanCome => Value.IsProductive || Array.Exists(Rules, static r => r.Value.IsProductive);
}

/// <summary>How an object of one shape is written.</summary>
internal sealed class ObjectPlan
{
    private readonly Dictionary<ObjectState, ObjectFrame> _frames = [];

    public required GrammarBuilder Builder { get; init; }

    public required SchemaRef Origin { get; init; }

    public required Lexeme Open { get; init; }

    public required Lexeme Close { get; init; }

    public required Lexeme Comma { get; init; }

    public required bool AnyOrder { get; init; }

    /// <summary>Declared properties in order.</summary>
    public required PropertyOption[] Declared { get; init; }

    /// <summary>Which of them must come.</summary>
    public required bool[] IsRequired { get; init; }

    /// <summary>Names that are not declared, by what their values may be.</summary>
    public required PropertyOption[] Others { get; init; }

    /// <summary>A declared property, and those that must come with it.</summary>
    public required (int Name, int[] Needs)[] Dependencies { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    /// <summary>Number of values that some property must have.</summary>
    public required int NumRules { get; init; }

    /// <summary>Not contradictory in itself, and every required value exists.</summary>
    public bool IsProductive { get; set; }

    /// <summary>Properties are counted, or depend on each other: an end is not always in reach.</summary>
    public bool IsIntricate => Min > 0 || Max < int.MaxValue || Dependencies.Length > 0 || NumRules > 0;

    public ObjectFrame Start => Frame(new(ObjectPhase.Opened, 0, default, 0, false, 0));

    /// <summary>How many properties must still come before the object can end: those required and those that go with one that came or
    /// must come. Null when one of them cannot come any more.</summary>
    public int? Missing(ObjectState state)
    {
        Builder.Budget.Charge(1 + (Declared.Length + Dependencies.Length) / 8);
        HashSet<int> missing = [];
        Stack<int> open = new();
        for (int i = AnyOrder ? 0 : state.Next; i < Declared.Length; i++)
        {
            if (IsRequired[i] && !state.Seen.Contains(i) && missing.Add(i))
                open.Push(i);
        }
        foreach ((int name, int[] needs) in Dependencies)
        {
            if (state.Seen.Contains(name) && !TryAdd(needs))
                return null;
        }
        while (open.TryPop(out int index))
        {
            Builder.Budget.Charge(1 + Dependencies.Length);
            if (!Declared[index].CanCome || (!AnyOrder && index < state.Next))
                return null;
            foreach ((int name, int[] needs) in Dependencies)
            {
                if (name == index && !TryAdd(needs))
                    return null;
            }
        }
        return missing.Count;

        bool TryAdd(int[] needs)
        {
            foreach (int need in needs)
            {
                if (need < 0)
                    return false;
                if (!state.Seen.Contains(need) && missing.Add(need))
                    open.Push(need);
            }
            return true;
        }
    }

    /// <summary>Forgets the frames and what they know; only while the grammar is being compiled.</summary>
    public void Forget() => _frames.Clear();

    public ObjectFrame Frame(ObjectState state)
    {
        if (!_frames.TryGetValue(state, out ObjectFrame? frame))
            _frames.Add(state, frame = new(this, state) { Id = Builder.NextFrameId() });
        return frame;
    }
}

/// <summary>Where within an object.</summary>
internal enum ObjectPhase : byte
{
    Opened,
    AfterValue,
    AfterComma,
}

/// <summary>How far an object is written.</summary>
/// <param name="Phase">Where.</param>
/// <param name="Next">In the schema's order, the first declared property that may still come.</param>
/// <param name="Seen">Declared properties that came, where they are remembered.</param>
/// <param name="Count">Properties that came, as far as it matters.</param>
/// <param name="HasOther">One that is not declared came.</param>
/// <param name="Rules">Bits of the satisfied rules.</param>
internal readonly record struct ObjectState(ObjectPhase Phase, int Next, NameSet Seen, int Count, bool HasOther, uint Rules);
