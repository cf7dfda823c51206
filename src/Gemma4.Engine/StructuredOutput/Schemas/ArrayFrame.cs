using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Waits within an array.</summary>
internal sealed class ArrayFrame(ArrayPlan plan, ArrayState state) : ContainerFrame(plan.Builder.Budget)
{
    protected override Move[] ComputeMoves()
    {
        List<Move> moves = [];
        if (MayEnd())
            moves.Add(new(plan.Close, null));
        if (state.Phase == ObjectPhase.AfterValue)
        {
            ArrayFrame afterComma = plan.Frame(state with { Phase = ObjectPhase.AfterComma });
            if (afterComma.Items().Any())
                moves.Add(new(plan.Comma, afterComma));
        }
        else
        {
            moves.AddRange(Items());
        }
        return [.. moves];
    }

    private IEnumerable<Move> Items() => Successors().Where(s => s.Frame.CanComplete()).Select(s => new Move(s.Value, s.Frame, s.Child));

    private IEnumerable<(Lexeme? Value, ArrayFrame Frame, Frame? Child)> Successors()
    {
        if (state.Index >= plan.Max)
            yield break;
        // Beyond the last distinct item and the minimum all indices are alike, unless there is a maximum.
        int next = plan.Max < int.MaxValue ? state.Index + 1 : Math.Min(state.Index + 1, Math.Max(plan.Items.Length - 1, plan.Min));
        ArrayState after = state with { Phase = ObjectPhase.AfterValue, Index = next };
        if (plan.Distinct is { } values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!state.Used.Contains(i))
                    yield return (values[i], plan.Frame(after with { Used = state.Used.With(i) }), null);
            }
            yield break;
        }
        foreach ((ValueNode value, uint rules) in plan.Items[Math.Min(state.Index, plan.Items.Length - 1)])
        {
            if (value.IsProductive && Count(rules) is uint satisfied)
                yield return (null, plan.Frame(after with { Satisfied = satisfied }), value.Frame(plan.Builder));
        }
    }

    /// <summary>The counts after an item that satisfies these rules; null when one is exceeded.</summary>
    private uint? Count(uint rules)
    {
        uint satisfied = state.Satisfied;
        for (int rule = 0; rule < plan.Rules.Length; rule++)
        {
            if ((rules >> rule & 1) == 0)
                continue;
            (int min, int max) = plan.Rules[rule];
            int count = Satisfied(rule) + 1;
            if (count > max)
                return null;
            if (max < int.MaxValue || count <= min)
                satisfied += 1u << rule * 8;
        }
        return satisfied;
    }

    private int Satisfied(int rule) => (int)(state.Satisfied >> rule * 8 & 0xFF);

    private bool CanClose()
    {
        if (state.Index < plan.Min)
            return false;
        for (int rule = 0; rule < plan.Rules.Length; rule++)
        {
            if (Satisfied(rule) < plan.Rules[rule].Min)
                return false;
        }
        return true;
    }

    protected override bool MayEnd() => state.Phase != ObjectPhase.AfterComma && CanClose();

    protected override IEnumerable<ContainerFrame> Following() => Successors().Select(s => s.Frame);

    /// <summary>Values that must all be different may run out before there are enough.</summary>
    protected override bool? CanCompleteAtSight()
    {
        if (!plan.IsIntricate)
            return true;
        return plan.Distinct is { } values && values.Length - state.Used.Count < plan.Min - state.Index ? false : null;
    }
}
