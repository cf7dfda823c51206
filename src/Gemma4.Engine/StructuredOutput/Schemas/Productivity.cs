using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Finds the nodes that some finite value satisfies: the least fixed point, so endless recursion satisfies nothing.</summary>
internal static class Productivity
{
    public static void Settle(List<ValueNode> nodes, WorkBudget budget)
    {
        bool changed = true;
        while (changed)
        {
            changed = false;
            // Later nodes tend to be parts of earlier ones.
            for (int i = nodes.Count - 1; i >= 0; i--)
            {
                ValueNode node = nodes[i];
                budget.Charge(1 + node.Objects.Sum(o => o.Declared.Length) + node.Arrays.Sum(a => a.Items.Length));
                foreach (ObjectPlan plan in node.Objects)
                    changed |= plan.IsProductive != (plan.IsProductive = plan.IsProductive || IsProductive(plan));
                foreach (ArrayPlan plan in node.Arrays)
                    changed |= plan.IsProductive != (plan.IsProductive = plan.IsProductive || IsProductive(plan));
                bool productive = node.Scalars.Count > 0 || node.Objects.Exists(o => o.IsProductive) || node.Arrays.Exists(a => a.IsProductive);
                changed |= productive != node.IsProductive;
                node.IsProductive = productive;
            }
        }
        foreach (ValueNode node in nodes)
        {
            node.Objects.ForEach(o => o.Forget());
            node.Arrays.ForEach(a => a.Forget());
        }
    }

    /// <summary>A fresh plan is asked each time: frames remember what they found while less was known.</summary>
    private static bool IsProductive(ObjectPlan plan)
    {
        for (int i = 0; i < plan.Declared.Length; i++)
        {
            if (plan.IsRequired[i] && !plan.Declared[i].Value.IsProductive && !Array.Exists(plan.Declared[i].Rules, r => r.Value.IsProductive))
                return false;
        }
        if (!plan.IsIntricate)
            return true;
        plan.Forget();
        return plan.Start.CanComplete();
    }

    private static bool IsProductive(ArrayPlan plan)
    {
        if (plan.Min == 0 && plan.Rules.Length == 0)
            return true;
        plan.Forget();
        return plan.IsIntricate ? plan.Start.CanComplete() : Enumerable.Range(0, Math.Min(plan.Min, plan.Items.Length)).All(i => Array.Exists(plan.Items[i], o => o.Value.IsProductive));
    }
}
