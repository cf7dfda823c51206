using System.Text;
using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>A schema to a grammar: each set of schemas that meets at a value becomes one node, so recursion ends.</summary>
internal sealed class SchemaCompiler
{
    /// <summary>Larger schemas are refused; the largest in the field have some thousands.</summary>
    private const int MaxNodes = 20_000;

    /// <summary>How deep a search for contradictions between alternatives looks.</summary>
    private const int MaxVainDepth = 3;

    private readonly GrammarBuilder _builder;
    private readonly Notation _notation;
    private readonly SchemaExpander _expander;
    private readonly ScalarCompiler _scalars;
    private readonly SchemaMatcher _matcher;
    private readonly PlanCompiler _plans;
    private readonly Dictionary<string, ValueNode> _nodes = [];
    private readonly Queue<ValueNode> _open = new();
    private readonly HashSet<ValueNode> _reached = [];
    private readonly List<ValueNode> _compiled = [];
    private int _vainDepth;

    public SchemaCompiler(GrammarBuilder builder, Notation notation, PropertyOrder order, JsonElement schema)
    {
        _builder = builder;
        _notation = notation;
        _expander = new(new SchemaDocument(schema), builder) { IsVain = IsVain };
        _scalars = new(builder, notation);
        _matcher = new(this);
        _plans = new(this, builder, notation, order);
        builder.AnyTextCharacter.Add(notation.Text.AnyCharacter);
        builder.AnyTextCharacter.Add(notation.Text.AnySpelling);
    }

    public ScalarCompiler Scalars => _scalars;

    public WorkBudget Budget => _builder.Budget;

    /// <summary>Compiles all that the schema reaches.</summary>
    /// <param name="also">What the whole value must satisfy besides.</param>
    /// <exception cref="ConstraintException">Something is malformed or unsupported, or nothing satisfies the schema.</exception>
    public ValueNode Compile(params SchemaRef[] also)
    {
        ValueNode root = Reach([_expander.Document.Root, .. also], _expander.Document.Root);
        while (_open.TryDequeue(out ValueNode? node))
            CompileNode(node);
        foreach (ArrayPlan plan in _compiled.SelectMany(n => n.Arrays))
            plan.SettleUnique();
        Productivity.Settle(_compiled, _builder.Budget);
        return root.IsProductive ? root : throw root.Origin.Refuse("no value satisfies the schema");
    }

    /// <summary>The node of a conjunction, to be compiled.</summary>
    public ValueNode Reach(IEnumerable<SchemaRef> conjunction, SchemaRef origin)
    {
        ValueNode node = Node(conjunction, origin);
        if (!_reached.Add(node))
            return node;
        if (_reached.Count > MaxNodes)
            throw new ConstraintTooComplexException(origin.Pointer, "the schema is too large");
        _open.Enqueue(node);
        return node;
    }

    /// <summary>The node of a conjunction, whether it becomes part of the grammar or not.</summary>
    public ValueNode Node(IEnumerable<SchemaRef> conjunction, SchemaRef origin)
    {
        SchemaRef[] schemas = [.. conjunction.Where(s => s.Denied || s.Schema.ValueKind != JsonValueKind.True).Distinct()];
        string key = schemas.Length == 1 ? schemas[0].Key : string.Join('&', schemas.Select(s => s.Key).Order(StringComparer.Ordinal));
        _builder.Budget.Charge(1 + key.Length / 16);
        if (!_nodes.TryGetValue(key, out ValueNode? node))
            _nodes.Add(key, node = new(schemas, schemas.Length > 0 ? schemas[0] : origin));
        return node;
    }

    public List<Shape> ShapesOf(ValueNode node) => node.Shapes ??= _expander.Expand(node.Conjunction, node.Origin);

    public bool MatchesNumber(Shape shape, JsonElement value)
    {
        if (shape.Bounds.Count == 0 && shape.Divisors.Count == 0 && shape.Wholeness == Wholeness.Any)
            return true;
        return Numbers.DecimalText.Parse(value.GetRawText()) is { } plain
            && _builder.Rx.Matches(_scalars.Number(shape), Encoding.ASCII.GetBytes(plain.ToString()));
    }

    public bool MatchesString(Shape shape, string text) =>
        (shape.Patterns.Count == 0 && shape.Formats.Count == 0 && shape.MinLength == 0 && shape.MaxLength == int.MaxValue)
        || _builder.Rx.Matches(_scalars.String(shape), _notation.Text.Encode(text));

    /// <summary>The schemas of a property of this name.</summary>
    public IEnumerable<SchemaRef> PropertyConjunction(Shape shape, string name)
    {
        foreach (ObjectGroup group in shape.ObjectGroups)
        {
            bool isDeclared = group.Properties.TryGetValue(name, out SchemaRef? value);
            if (isDeclared)
                yield return value!;
            foreach ((string pattern, SchemaRef schema) in group.Patterns)
            {
                if (!_scalars.Matches(pattern, name, group.Origin, "patternProperties"))
                    continue;
                isDeclared = true;
                yield return schema;
            }
            if (!isDeclared && group.Additional is not null)
                yield return group.Additional;
        }
        foreach ((string property, SchemaRef value) in shape.Properties)
        {
            if (property == name)
                yield return value;
        }
    }

    public bool IsAllowedName(Shape shape, string name) =>
        shape.PropertyNames.Count == 0 || _matcher.Matches(Node(shape.PropertyNames, shape.Origin), JsonSerializer.SerializeToElement(name));

    /// <summary>Whether a rule speaks of properties of this name.</summary>
    public bool Concerns(PropertyRule rule, string name)
    {
        bool IsMatch(string pattern) => _scalars.Matches(pattern, name, rule.Group.Origin, "patternProperties");
        return rule.Pattern is not null ? IsMatch(rule.Pattern) : !rule.Group.Properties.ContainsKey(name) && !Array.Exists(rule.Group.Patterns, p => IsMatch(p.Pattern));
    }

    /// <summary>Refuses an expression that accepts nothing or that is too hard to judge.</summary>
    public bool IsLive(Rx rx, SchemaRef origin) => _builder.Rx.IsLive(rx) ?? throw _builder.Budget.TooHard();

    private void CompileNode(ValueNode node)
    {
        _builder.Budget.Place = node.Origin.Pointer;
        _compiled.Add(node);
        bool isFinite = true;
        foreach (Shape shape in ShapesOf(node))
        {
            if (shape.Values is { } values)
            {
                _builder.Budget.Charge(values.Count);
                foreach (JsonElement value in values.Where(v => _matcher.MatchesRest(shape, v)))
                    node.Scalars.Add(Lexeme(_notation.Constant(value)));
                continue;
            }
            if (shape.Types.HasFlag(JsonTypes.Null) && !shape.Excluded.Exists(v => v.ValueKind == JsonValueKind.Null))
                node.Scalars.Add(Lexeme(_notation.Bare("null")));
            if (shape.Types.HasFlag(JsonTypes.Boolean))
            {
                foreach (string literal in (ReadOnlySpan<string>)["true", "false"])
                {
                    if (!shape.Excluded.Exists(v => v.ValueKind is JsonValueKind.True or JsonValueKind.False && v.GetRawText() == literal))
                        node.Scalars.Add(Lexeme(_notation.Bare(literal)));
                }
            }
            isFinite &= (shape.Types & ~(JsonTypes.Null | JsonTypes.Boolean)) == 0;
            if (shape.Types.HasFlag(JsonTypes.Number) && _scalars.Number(shape) is var number && IsLive(number, shape.Origin))
                node.Scalars.Add(Lexeme(_notation.Bare(number)));
            if (shape.Types.HasFlag(JsonTypes.String) && _scalars.String(shape) is var text && IsLive(text, shape.Origin))
                node.Scalars.Add(Lexeme(_notation.String(text)));
            if (shape.Types.HasFlag(JsonTypes.Array) && _plans.PlanArray(shape) is { } array)
                node.Arrays.Add(array);
            if (shape.Types.HasFlag(JsonTypes.Object) && _plans.PlanObject(shape) is { } plan)
                node.Objects.Add(plan);
        }
        node.Finite = isFinite ? [.. node.Scalars.Distinct()] : null;
    }

    private Lexeme Lexeme(Rx rx) => _builder.Lexer.Lexeme(rx);

    /// <summary>Whether nothing satisfies a shape, as far as a look at its required parts tells.</summary>
    private bool IsVain(Shape shape)
    {
        _builder.Budget.Descend();
        if (shape.Values is { } values)
            return !values.Exists(v => _matcher.MatchesRest(shape, v));
        JsonTypes types = shape.Types;
        if (types.HasFlag(JsonTypes.Number) && (shape.Bounds.Count > 0 || shape.Divisors.Count > 0) && _builder.Rx.IsLive(_scalars.Number(shape)) == false)
            types &= ~JsonTypes.Number;
        if (types.HasFlag(JsonTypes.String) && (shape.Patterns.Count > 0 || shape.Formats.Count > 0) && _builder.Rx.IsLive(_scalars.String(shape)) == false)
            types &= ~JsonTypes.String;
        if (types.HasFlag(JsonTypes.Object) && shape.Required.Exists(name => IsVain(PropertyConjunction(shape, name), shape.Origin)))
            types &= ~JsonTypes.Object;
        for (int i = 0; i < Math.Min(shape.MinItems, 8) && types.HasFlag(JsonTypes.Array); i++)
        {
            if (IsVain(shape.ItemAt(i), shape.Origin))
                types &= ~JsonTypes.Array;
        }
        return types == JsonTypes.None;
    }

    private bool IsVain(IEnumerable<SchemaRef> conjunction, SchemaRef origin)
    {
        SchemaRef[] schemas = [.. conjunction];
        if (Array.Exists(schemas, s => s.IsFalse))
            return true;
        if (_vainDepth >= MaxVainDepth || schemas.Length < 2)
            return false;
        _vainDepth++;
        bool vain = ShapesOf(Node(schemas, origin)).TrueForAll(IsVain);
        _vainDepth--;
        return vain;
    }
}
