using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>Which rules recur, and whether the grammar can be followed from left to right.</summary>
/// <remarks>Rules may refer to one another in chains of any length, so all walks over rules are loops; only within one rule, whose depth
/// its reader has bounded, a method calls itself.</remarks>
internal sealed class GrammarAnalysis
{
    private readonly GrammarText _text;
    private readonly WorkBudget _budget;
    private readonly HashSet<string> _nullable = [];
    private readonly Dictionary<string, HashSet<string>> _references = [];
    private readonly HashSet<string> _irregular = [];

    /// <exception cref="ConstraintException">A rule is missing, left-recursive or never ends.</exception>
    public GrammarAnalysis(GrammarText text, WorkBudget budget)
    {
        (_text, _budget) = (text, budget);
        if (!text.Rules.ContainsKey(text.Root))
            throw new ConstraintException("", $"there is no rule '{text.Root}'");
        foreach ((string name, (GrammarNode node, _)) in text.Rules)
        {
            CheckReferences(node);
            _references.Add(name, References(node));
        }
        foreach (GrammarNode ignored in text.Ignored)
            CheckReferences(ignored);
        FindAll(_nullable, IsNullable);
        RefuseLeftRecursion();
        FindIrregular();
        foreach (GrammarNode ignored in text.Ignored.Concat(text.Terminals.Select(t => text.Rules[t].Node)))
        {
            if (!IsRegular(ignored))
                throw new ConstraintException("", "a terminal or an ignored part recurs");
        }
        CheckEnds();
    }

    /// <summary>Holds no rule that recurs, directly or not.</summary>
    public bool IsRegular(GrammarNode node)
    {
        _budget.Descend();
        return node is GrammarNode.Reference reference ? !_irregular.Contains(reference.Name) : Parts(node).All(IsRegular);
    }

    private void CheckReferences(GrammarNode node)
    {
        _budget.Descend();
        if (node is GrammarNode.Reference reference && !_text.Rules.ContainsKey(reference.Name))
            throw new ConstraintException(reference.Place, $"there is no rule '{reference.Name}'");
        foreach (GrammarNode part in Parts(node))
            CheckReferences(part);
    }

    private static IEnumerable<GrammarNode> Parts(GrammarNode node) => node switch
    {
        GrammarNode.Sequence s => s.Parts,
        GrammarNode.Choice c => c.Options,
        GrammarNode.Repeat r => [r.Part],
        _ => [],
    };

    private HashSet<string> References(GrammarNode node)
    {
        HashSet<string> found = [];
        Stack<GrammarNode> open = new([node]);
        while (open.TryPop(out GrammarNode? next))
        {
            _budget.Charge();
            if (next is GrammarNode.Reference reference)
                found.Add(reference.Name);
            foreach (GrammarNode part in Parts(next))
                open.Push(part);
        }
        return found;
    }

    /// <summary>The rules that can occur with nothing before them.</summary>
    private void AddLeftmost(GrammarNode node, HashSet<string> found)
    {
        _budget.Descend();
        if (node is GrammarNode.Reference reference)
            found.Add(reference.Name);
        foreach (GrammarNode part in Parts(node))
        {
            AddLeftmost(part, found);
            if (node is GrammarNode.Sequence && !IsNullable(part))
                return;
        }
    }

    private bool IsNullable(GrammarNode node)
    {
        _budget.Descend();
        return node switch
        {
            GrammarNode.Terminal t => t.Pattern.IsNullable,
            GrammarNode.Reference r => _nullable.Contains(r.Name),
            GrammarNode.Sequence s => s.Parts.All(IsNullable),
            GrammarNode.Choice c => c.Options.Any(IsNullable),
            GrammarNode.Repeat r => r.Min == 0 || IsNullable(r.Part),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>The least set of rules of which <paramref name="holds"/> is true, which looks into that set: a rule is asked again when one
    /// that it refers to has joined.</summary>
    private void FindAll(HashSet<string> found, Func<GrammarNode, bool> holds)
    {
        ILookup<string, string> users = (from rule in _references from used in rule.Value select (used, rule.Key)).ToLookup(p => p.used, p => p.Key);
        Queue<string> open = new(_text.Rules.Keys);
        while (open.TryDequeue(out string? name))
        {
            _budget.Charge(1 + _references[name].Count);
            if (found.Contains(name) || !holds(_text.Rules[name].Node))
                continue;
            found.Add(name);
            foreach (string user in users[name])
                open.Enqueue(user);
        }
    }

    private void RefuseLeftRecursion()
    {
        Dictionary<string, HashSet<string>> leftmost = [];
        foreach ((string name, (GrammarNode node, _)) in _text.Rules)
            AddLeftmost(node, leftmost[name] = []);
        foreach (string name in OnCycles(leftmost))
            throw new ConstraintException(_text.Rules[name].Place, $"the rule '{name}' begins with itself; write the repetition with * or on the right");
    }

    /// <summary>Rules that recur, and those that refer to such rules.</summary>
    private void FindIrregular()
    {
        _irregular.UnionWith(OnCycles(_references));
        FindAll(_irregular, node => References(node).Overlaps(_irregular));
    }

    /// <summary>Rules that lead back to themselves, in the order they are written.</summary>
    /// <remarks>Kosaraju's two passes: rules by when a walk is done with them, then backwards from the last: what meets there is one circle.</remarks>
    private IEnumerable<string> OnCycles(Dictionary<string, HashSet<string>> edges)
    {
        List<string> finished = [];
        HashSet<string> seen = [];
        foreach (string start in edges.Keys)
            Walk(start, name => edges[name], seen, finished);
        ILookup<string, string> back = (from edge in edges from to in edge.Value select (to, edge.Key)).ToLookup(p => p.to, p => p.Key);
        HashSet<string> onCycles = [];
        seen.Clear();
        for (int i = finished.Count - 1; i >= 0; i--)
        {
            List<string> circle = [];
            Walk(finished[i], name => back[name], seen, circle);
            if (circle.Count > 1 || edges[finished[i]].Contains(finished[i]))
                onCycles.UnionWith(circle);
        }
        return edges.Keys.Where(onCycles.Contains);
    }

    /// <summary>Visits what was not seen yet, depth first, and appends each rule when all it leads to is done.</summary>
    private void Walk(string start, Func<string, IEnumerable<string>> next, HashSet<string> seen, List<string> finished)
    {
        if (!seen.Add(start))
            return;
        Stack<(string Name, IEnumerator<string> Next)> path = new([(start, next(start).GetEnumerator())]);
        while (path.TryPeek(out (string Name, IEnumerator<string> Next) top))
        {
            _budget.Charge();
            if (!top.Next.MoveNext())
            {
                finished.Add(top.Name);
                path.Pop();
            }
            else if (seen.Add(top.Next.Current))
            {
                path.Push((top.Next.Current, next(top.Next.Current).GetEnumerator()));
            }
        }
    }

    /// <summary>Every rule must derive some finite text, or its way in would be a dead end.</summary>
    private void CheckEnds()
    {
        HashSet<string> ends = [];
        FindAll(ends, Ends);
        foreach ((string name, (_, string place)) in _text.Rules)
        {
            if (!ends.Contains(name))
                throw new ConstraintException(place, $"the rule '{name}' never ends");
        }

        bool Ends(GrammarNode node)
        {
            _budget.Descend();
            return node switch
            {
                GrammarNode.Terminal => true,
                GrammarNode.Reference r => ends.Contains(r.Name),
                GrammarNode.Sequence s => s.Parts.All(Ends),
                GrammarNode.Choice c => c.Options.Any(Ends),
                GrammarNode.Repeat r => r.Min == 0 || Ends(r.Part),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
    }
}
