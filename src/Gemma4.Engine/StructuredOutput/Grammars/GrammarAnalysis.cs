namespace Gemma4.Engine.StructuredOutput.Grammars;

/// <summary>Which rules recur, and whether the grammar can be followed from left to right.</summary>
internal sealed class GrammarAnalysis
{
    private readonly GrammarText _text;
    private readonly HashSet<string> _nullable = [];
    private readonly Dictionary<string, bool> _recurs = [];
    private readonly Dictionary<string, bool> _regular = [];

    /// <exception cref="ConstraintException">A rule is missing, left-recursive or never ends.</exception>
    public GrammarAnalysis(GrammarText text)
    {
        _text = text;
        if (!text.Rules.ContainsKey(text.Root))
            throw new ConstraintException("", $"there is no rule '{text.Root}'");
        foreach ((GrammarNode node, _) in text.Rules.Values)
            CheckReferences(node);
        FindNullable();
        foreach ((string name, (_, string place)) in text.Rules)
        {
            if (Reaches(name, name, leftmost: true, []))
                throw new ConstraintException(place, $"the rule '{name}' begins with itself; write the repetition with * or on the right");
            _recurs[name] = Reaches(name, name, leftmost: false, []);
        }
        foreach (GrammarNode ignored in text.Ignored.Concat(text.Terminals.Select(t => text.Rules[t].Node)))
        {
            if (!IsRegular(ignored))
                throw new ConstraintException("", "a terminal or an ignored part recurs");
        }
        CheckEnds();
    }

    /// <summary>Holds no rule that recurs, directly or not.</summary>
    public bool IsRegular(GrammarNode node) => References(node, leftmost: false).All(IsRegular);

    private bool IsRegular(string rule)
    {
        if (!_regular.TryGetValue(rule, out bool regular))
            _regular[rule] = regular = !_recurs[rule] && IsRegular(_text.Rules[rule].Node);
        return regular;
    }

    private void CheckReferences(GrammarNode node)
    {
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

    private void FindNullable()
    {
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach ((string name, (GrammarNode node, _)) in _text.Rules)
                changed |= IsNullable(node) && _nullable.Add(name);
        }
    }

    private bool IsNullable(GrammarNode node) => node switch
    {
        GrammarNode.Terminal t => t.Pattern.IsNullable,
        GrammarNode.Reference r => _nullable.Contains(r.Name),
        GrammarNode.Sequence s => s.Parts.All(IsNullable),
        GrammarNode.Choice c => c.Options.Any(IsNullable),
        GrammarNode.Repeat r => r.Min == 0 || IsNullable(r.Part),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The rules that occur, or that can occur with nothing before them.</summary>
    private IEnumerable<string> References(GrammarNode node, bool leftmost)
    {
        if (node is GrammarNode.Reference reference)
            yield return reference.Name;
        foreach (GrammarNode part in Parts(node))
        {
            foreach (string name in References(part, leftmost))
                yield return name;
            if (leftmost && node is GrammarNode.Sequence && !IsNullable(part))
                yield break;
        }
    }

    private bool Reaches(string from, string to, bool leftmost, HashSet<string> seen)
    {
        foreach (string name in References(_text.Rules[from].Node, leftmost))
        {
            if (name == to || (seen.Add(name) && Reaches(name, to, leftmost, seen)))
                return true;
        }
        return false;
    }

    /// <summary>Every rule must derive some finite text, or its way in would be a dead end.</summary>
    private void CheckEnds()
    {
        HashSet<string> ends = [];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach ((string name, (GrammarNode node, _)) in _text.Rules)
                changed |= Ends(node) && ends.Add(name);
        }
        foreach ((string name, (_, string place)) in _text.Rules)
        {
            if (!ends.Contains(name))
                throw new ConstraintException(place, $"the rule '{name}' never ends");
        }

        bool Ends(GrammarNode node) => node switch
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
