using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Turns a conjunction of schemas into the shapes that satisfy it (disjunctive normal form, one level deep).</summary>
internal sealed class SchemaExpander(SchemaDocument document, GrammarBuilder builder)
{
    /// <summary>More ways than this at one place are refused: they multiply.</summary>
    private const int MaxShapes = 400;

    private const int MaxVisits = 20_000;

    private readonly Dictionary<string, ObjectGroup> _groups = [];
    private readonly Dictionary<(SchemaRef, SchemaRef, JsonTypes), bool> _disjoint = [];
    private int _visits;

    /// <summary>Decides whether nothing satisfies a shape; set by the compiler, which knows expressions.</summary>
    public required Func<Shape, bool> IsVain { get; init; }

    public SchemaDocument Document { get; } = document;

    public ConstraintLimits Limits => builder.Limits;

    public WorkBudget Budget => builder.Budget;

    /// <exception cref="ConstraintException">Something in it is malformed, unsupported or too much.</exception>
    public List<Shape> Expand(IReadOnlyList<SchemaRef> conjunction, SchemaRef origin)
    {
        List<Shape> shapes = [];
        _visits = 0;
        Visit(new Branch(new Shape { Origin = origin }, [], []), new(conjunction.Select(c => new Pending(c, null))), shapes);
        return shapes;
    }

    /// <summary>Properties of one schema, read once.</summary>
    public ObjectGroup Group(SchemaRef schema)
    {
        if (_groups.TryGetValue(schema.Pointer, out ObjectGroup? known))
            return known;
        Dictionary<string, SchemaRef> properties = [];
        List<(string, SchemaRef)> patterns = [];
        SchemaRef? additional = null;
        foreach (JsonProperty keyword in schema.Schema.EnumerateObject())
        {
            if (keyword.Name == "properties")
            {
                foreach ((string name, SchemaRef value) in SchemaKeyword.SchemaMap(schema, keyword))
                    properties[name] = value;
            }
            else if (keyword.Name == "patternProperties")
            {
                patterns.AddRange(SchemaKeyword.SchemaMap(schema, keyword));
            }
            else if (keyword.Name == "additionalProperties")
            {
                additional = SchemaKeyword.Schema(schema, keyword);
            }
            else if (keyword.Name == "unevaluatedProperties")
            {
                additional ??= SchemaKeyword.Schema(schema, keyword);
            }
        }
        return _groups[schema.Pointer] = new(properties, [.. patterns], additional, schema);
    }

    /// <summary>Whether no value of these types satisfies both.</summary>
    public bool AreDisjoint(SchemaRef a, SchemaRef b, JsonTypes types)
    {
        if (_disjoint.TryGetValue((a, b, types), out bool known))
            return known;
        int visits = _visits;
        bool disjoint = true;
        foreach (Shape shape in Expand([a, b], a))
        {
            shape.Types &= types;
            disjoint = disjoint && IsVain(shape);
        }
        _visits = visits;
        return _disjoint[(a, b, types)] = disjoint;
    }

    /// <summary>Each with the denial of those that could hold besides it.</summary>
    private Alternative[] ExactlyOne(SchemaRef[] options, JsonTypes types) =>
    [
        .. options.Select((option, i) => Alternative.Of(
        [
            option,
            .. options.Where((other, j) => j != i && !AreDisjoint(options[Math.Min(i, j)], options[Math.Max(i, j)], types)).Select(o => o.Not),
        ])),
    ];

    private void Visit(Branch branch, Stack<Pending> open, List<Shape> shapes)
    {
        builder.Budget.Descend();
        if (++_visits > MaxVisits || shapes.Count > MaxShapes)
            throw new ConstraintTooComplexException(branch.Shape.Origin.Pointer, "too many combinations of alternatives");
        Demands demands = new();
        List<(SchemaRef[] Options, Pending From)> exactlyOne = [];
        while (open.TryPop(out Pending? next))
        {
            builder.Budget.Charge(next.Depth);
            if (next.IsWithinItself())
                return;
            if (!branch.Seen.Add(next.Schema))
                continue;
            demands.Also.Clear();
            builder.Budget.Charge(next.Schema.Size);
            if (next.Schema.Denied)
                DeniedKeywords.Apply(this, branch.Shape, next.Schema, demands);
            else
                AssertedKeywords.Apply(this, branch.Shape, next.Schema, demands);
            if (branch.Shape.IsContradictory)
                return;
            foreach (SchemaRef also in demands.Also)
                open.Push(new(also, next));
            foreach (Alternative[] choice in demands.Choices)
                branch.Choices.Add((choice, next));
            demands.Choices.Clear();
            foreach (SchemaRef[] exclusive in demands.ExactlyOne)
                exactlyOne.Add((exclusive, next));
            demands.ExactlyOne.Clear();
        }
        // Only now are the types known that the alternatives could share.
        foreach ((SchemaRef[] exclusive, Pending source) in exactlyOne)
            branch.Choices.Add((ExactlyOne(exclusive, branch.Shape.Types), source));
        if (branch.Choices.Count == 0)
        {
            shapes.Add(branch.Shape);
            return;
        }
        // The smallest choice first keeps the tree narrow.
        (Alternative[] options, Pending from) = branch.Choices.MinBy(c => c.Options.Length);
        branch.Choices.Remove((options, from));
        foreach (Alternative option in options)
        {
            builder.Budget.Charge(branch.Size);
            Branch copy = new(branch.Shape.Clone(), [.. branch.Seen], [.. branch.Choices]);
            option.Facts?.Invoke(copy.Shape);
            AssertedKeywords.Settle(copy.Shape);
            if (!copy.Shape.IsContradictory)
                Visit(copy, new Stack<Pending>(option.Schemas.Select(s => new Pending(s, from))), shapes);
        }
    }

    private sealed record Branch(Shape Shape, HashSet<SchemaRef> Seen, List<(Alternative[] Options, Pending From)> Choices)
    {
        /// <summary>What a copy costs.</summary>
        public int Size => Shape.Size + (3 * Seen.Count) + Choices.Count;
    }

    /// <summary>A schema to apply and the one that led to it at the same value.</summary>
    private sealed class Pending(SchemaRef schema, Pending? from)
    {
        public SchemaRef Schema { get; } = schema;

        public Pending? From { get; } = from;

        public int Depth { get; } = from is null ? 1 : from.Depth + 1;

        /// <summary>It asks for itself of the same value: nothing finite satisfies that.</summary>
        public bool IsWithinItself()
        {
            for (Pending? at = From; at is not null; at = at.From)
            {
                if (at.Schema.Equals(Schema))
                    return true;
            }
            return false;
        }
    }
}
