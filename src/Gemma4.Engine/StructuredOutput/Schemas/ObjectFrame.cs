using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Waits within an object. In any order, what came is remembered; in the schema's, how far it is.</summary>
internal sealed class ObjectFrame(ObjectPlan plan, ObjectState state) : ContainerFrame(plan.Builder.Budget)
{
    protected override Move[] ComputeMoves()
    {
        List<Move> moves = [];
        if (MayEnd())
            moves.Add(new(plan.Close, null));
        if (state.Phase == ObjectPhase.AfterValue)
        {
            ObjectFrame afterComma = plan.Frame(state with { Phase = ObjectPhase.AfterComma });
            if (afterComma.Properties().Any())
                moves.Add(new(plan.Comma, afterComma));
        }
        else
        {
            moves.AddRange(Properties());
        }
        return [.. moves];
    }

    private IEnumerable<Move> Properties() =>
        Successors().Where(s => s.Frame.CanComplete()).Select(s => new Move(s.Key, s.Frame, s.Value.Frame(plan.Builder)));

    /// <summary>What may come next and how the object stands after it, required properties first.</summary>
    private IEnumerable<(Lexeme Key, ObjectFrame Frame, ValueNode Value)> Successors()
    {
        if (state.Count >= plan.Max)
            yield break;
        bool remembers = plan.AnyOrder || plan.Dependencies.Length > 0;
        bool skipsRequired = false;
        foreach (int index in Candidates())
        {
            if (!plan.AnyOrder && skipsRequired)
                yield break;
            ObjectState after = state with
            {
                Phase = ObjectPhase.AfterValue,
                Next = plan.AnyOrder ? 0 : index + 1,
                Seen = remembers ? state.Seen.With(index) : default,
                Count = Counted(state.Count + 1),
            };
            foreach (var successor in Variants(plan.Declared[index], after))
                yield return successor;
            skipsRequired |= plan.IsRequired[index];
        }
        if (!plan.AnyOrder && skipsRequired)
            yield break;
        foreach (PropertyOption other in plan.Others)
        {
            ObjectState after = state with
            {
                Phase = ObjectPhase.AfterValue,
                Next = plan.AnyOrder ? 0 : plan.Declared.Length,
                // The same undeclared name may come twice, so only the first counts towards the minimum.
                Count = state.HasOther && state.Count < plan.Min && plan.Max == int.MaxValue ? state.Count : Counted(state.Count + 1),
                HasOther = plan.Min > 0,
            };
            foreach (var successor in Variants(other, after))
                yield return successor;
        }
    }

    private IEnumerable<int> Candidates()
    {
        if (!plan.AnyOrder)
            return Enumerable.Range(state.Next, plan.Declared.Length - state.Next);
        return Enumerable.Range(0, plan.Declared.Length).Where(i => !state.Seen.Contains(i)).OrderByDescending(i => plan.IsRequired[i]);
    }

    private IEnumerable<(Lexeme, ObjectFrame, ValueNode)> Variants(PropertyOption option, ObjectState after)
    {
        foreach ((int rule, ValueNode value) in option.Rules)
        {
            if ((state.Rules >> rule & 1) == 0 && value.IsProductive)
                yield return (option.Key, plan.Frame(after with { Rules = after.Rules | 1u << rule }), value);
        }
        if (option.Value.IsProductive)
            yield return (option.Key, plan.Frame(after), option.Value);
    }

    private int Counted(int count) => plan.Max < int.MaxValue ? count : Math.Min(count, plan.Min);

    private bool CanClose()
    {
        if (state.Count < plan.Min || state.Rules != (1u << plan.NumRules) - 1)
            return false;
        for (int i = plan.AnyOrder ? 0 : state.Next; i < plan.Declared.Length; i++)
        {
            if (plan.IsRequired[i] && !(plan.AnyOrder && state.Seen.Contains(i)))
                return false;
        }
        foreach ((int name, int[] needs) in plan.Dependencies)
        {
            if (state.Seen.Contains(name) && Array.Exists(needs, n => n < 0 || !state.Seen.Contains(n)))
                return false;
        }
        return true;
    }

    protected override bool MayEnd() => state.Phase != ObjectPhase.AfterComma && CanClose();

    protected override IEnumerable<ContainerFrame> Following() => Successors().Select(s => s.Frame);

    /// <summary>Whether the object ends after the properties that must come; null where it needs others besides.</summary>
    protected override bool? CanCompleteAtSight()
    {
        if (!plan.IsIntricate)
            return true;
        if (plan.Missing(state) is not int missing || (long)state.Count + missing > plan.Max)
            return false;
        return state.Count + missing >= plan.Min && state.Rules == (1u << plan.NumRules) - 1 ? true : null;
    }
}
