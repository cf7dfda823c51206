using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Shapes of objects and arrays to plans of how they are written.</summary>
internal sealed class PlanCompiler(SchemaCompiler compiler, GrammarBuilder builder, Notation notation, PropertyOrder order)
{
    private const int MaxRules = 4;

    /// <summary>Patterns of names that overlap are split into the sets that can match together; more than this are too many.</summary>
    private const int MaxNameClasses = 64;

    private readonly RxBuilder _rx = builder.Rx;
    private readonly Lexeme _openObject = builder.Lexer.Lexeme(notation.Bare("{"));
    private readonly Lexeme _closeObject = builder.Lexer.Lexeme(notation.Bare("}"));
    private readonly Lexeme _openArray = builder.Lexer.Lexeme(notation.Bare("["));
    private readonly Lexeme _closeArray = builder.Lexer.Lexeme(notation.Bare("]"));
    private readonly Lexeme _comma = builder.Lexer.Lexeme(notation.Bare(","));

    /// <summary>Null when the shape contradicts itself.</summary>
    public ObjectPlan? PlanObject(Shape shape)
    {
        if (shape.MustHold.Count > MaxRules)
            throw shape.Origin.Refuse("too many denied property schemas");
        List<string> names = [];
        HashSet<string> known = [];
        IEnumerable<string> declared =
        [
            .. shape.ObjectGroups.SelectMany(g => g.Properties.Keys), .. shape.Properties.Select(p => p.Name), .. shape.Required,
            .. shape.Dependencies.SelectMany(d => (string[])[d.Name, .. d.Needs]),
        ];
        List<PropertyOption> options = [];
        foreach (string name in declared)
        {
            builder.Budget.Charge();
            if (!known.Add(name))
                continue;
            builder.Budget.Charge(shape.Properties.Count + shape.ObjectGroups.Count);
            SchemaRef[] value = [.. compiler.PropertyConjunction(shape, name)];
            if (Array.Exists(value, v => v.IsFalse) || !compiler.IsAllowedName(shape, name))
            {
                if (shape.IsRequired(name))
                    return null;
                continue;
            }
            names.Add(name);
            options.Add(Option(shape, builder.Lexer.Lexeme(notation.Key(name)), value, rule => compiler.Concerns(rule, name)));
        }
        Dictionary<string, int> places = names.Select((name, place) => (name, place)).ToDictionary(p => p.name, p => p.place);
        PropertyOption[] others = [.. Others(shape, known)];
        int atLeast = Math.Max(shape.MinProperties, ExcludesEmpty(shape, JsonValueKind.Object) ? 1 : 0);
        int min = atLeast <= shape.Required.Count ? 0 : atLeast;
        if (others.Length > 0 && min > names.Count + 1)
            throw shape.Origin.Refuse("more than one undeclared property as a minimum is not supported", "minProperties");
        return new()
        {
            Builder = builder,
            Origin = shape.Origin,
            Open = _openObject,
            Close = _closeObject,
            Comma = _comma,
            AnyOrder = order == PropertyOrder.Any,
            Declared = [.. options],
            IsRequired = [.. names.Select(shape.IsRequired)],
            Others = others,
            Dependencies = [.. shape.Dependencies.Where(d => places.ContainsKey(d.Name)).Select(d => (places[d.Name], (int[])[.. d.Needs.Select(n => places.GetValueOrDefault(n, -1))]))],
            Min = min,
            Max = shape.MaxProperties,
            NumRules = shape.MustHold.Count,
        };
    }

    /// <summary>Null when the shape contradicts itself.</summary>
    public ArrayPlan? PlanArray(Shape shape)
    {
        if (shape.Contains.Count > MaxRules || shape.Contains.Exists(c => c.Min > 100 || (c.Max > 100 && c.Max < int.MaxValue)))
            throw shape.Origin.Refuse("too much 'contains'", "contains");
        int numPlaces = 1 + (shape.ArrayGroups.Count == 0 ? 0 : shape.ArrayGroups.Max(g => g.Prefix.Length));
        (ValueNode, uint)[][] items = new (ValueNode, uint)[numPlaces][];
        int max = shape.MaxItems;
        for (int i = 0; i < numPlaces && i < max; i++)
        {
            SchemaRef[] item = [.. shape.ItemAt(i)];
            if (Array.Exists(item, s => s.IsFalse))
                max = i;
            else
                items[i] = [.. Items(shape, item)];
        }
        items = [.. items.TakeWhile(i => i is not null)];
        if (shape.MinItems > max)
            return null;
        bool notEmpty = ExcludesEmpty(shape, JsonValueKind.Array);
        return new()
        {
            Builder = builder,
            Origin = shape.Origin,
            Open = _openArray,
            Close = _closeArray,
            Comma = _comma,
            Items = items,
            Rules = [.. shape.Contains.Select(c => (c.Min, c.Max))],
            Min = Math.Max(shape.MinItems, notEmpty ? 1 : 0),
            Max = max,
            Unique = shape.UniqueItems,
        };
    }

    /// <summary>Whether the empty array or object is excluded; others cannot be.</summary>
    private static bool ExcludesEmpty(Shape shape, JsonValueKind kind)
    {
        bool found = false;
        foreach (JsonElement excluded in shape.Excluded.Where(v => v.ValueKind == kind))
        {
            found = kind == JsonValueKind.Array ? excluded.GetArrayLength() == 0 : !excluded.EnumerateObject().Any();
            if (!found)
                throw shape.Origin.Refuse("arrays and objects cannot be excluded one by one");
        }
        return found;
    }

    /// <summary>The ways in which an item can satisfy some of the rules and, where they are limited, none of the others.</summary>
    private IEnumerable<(ValueNode, uint)> Items(Shape shape, SchemaRef[] item)
    {
        for (uint rules = 0; rules < 1u << shape.Contains.Count; rules++)
        {
            builder.Budget.Charge(item.Length + shape.Contains.Count);
            List<SchemaRef> schemas = [.. item];
            for (int rule = 0; rule < shape.Contains.Count; rule++)
            {
                ContainsRule contains = shape.Contains[rule];
                if ((rules >> rule & 1) != 0)
                    schemas.Add(contains.Item);
                else if (contains.Max < int.MaxValue)
                    schemas.Add(contains.Item.Not);
            }
            if (!schemas.Exists(s => s.IsFalse))
                yield return (compiler.Reach(schemas, shape.Origin), rules);
        }
    }

    private PropertyOption Option(Shape shape, Lexeme key, SchemaRef[] value, Func<PropertyRule, bool> concerns)
    {
        List<(int, ValueNode)> rules = [];
        for (int i = 0; i < shape.MustHold.Count; i++)
        {
            PropertyRule rule = shape.MustHold[i];
            if (!rule.Value.IsFalse && concerns(rule))
                rules.Add((i, compiler.Reach([.. value, rule.Value], shape.Origin)));
        }
        return new(key, compiler.Reach(value, shape.Origin), [.. rules]);
    }

    /// <summary>Undeclared names, split by the patterns they match.</summary>
    private IEnumerable<PropertyOption> Others(Shape shape, HashSet<string> declared)
    {
        (string Pattern, SchemaRef Origin)[] patterns =
        [
            .. shape.ObjectGroups.Concat(shape.MustHold.Select(r => r.Group))
                .SelectMany(g => g.Patterns.Select(p => (p.Pattern, g.Origin))).DistinctBy(p => p.Pattern),
        ];
        if (patterns.Length == 0 && shape.ObjectGroups.Exists(g => g.Additional is { IsFalse: true }))
            return [];
        Rx rest = notation.Text.AnyText;
        if (declared.Count > 0)
            rest = _rx.And(rest, _rx.Not(_rx.Or([.. declared.Select(n => _rx.Literal(notation.Text.Encode(n)))])));
        if (shape.PropertyNames.Count > 0)
            rest = _rx.And(rest, Names(shape));
        else if (declared.Count == 0 && patterns.Length == 0)
            rest = _rx.Repeat(notation.Text.AnySpelling, 0, Rx.Unbounded);
        List<PropertyOption> options = [];
        Split(shape, patterns, rest, [], options);
        return options;
    }

    private void Split(Shape shape, (string Pattern, SchemaRef Origin)[] patterns, Rx names, List<bool> matched, List<PropertyOption> options)
    {
        builder.Budget.Descend();
        if (options.Count > MaxNameClasses)
            throw new ConstraintTooComplexException($"{shape.Origin.Pointer}/patternProperties", "too many overlapping patterns");
        if (matched.Count == patterns.Length)
        {
            SchemaRef[] value = [.. OtherConjunction(shape, patterns, matched)];
            if (!Array.Exists(value, v => v.IsFalse) && compiler.IsLive(names, shape.Origin))
                options.Add(Option(shape, builder.Lexer.Lexeme(notation.Key(names)), value, rule => Concerns(rule, patterns, matched)));
            return;
        }
        if (matched.Count > 2 && !compiler.IsLive(names, shape.Origin))
            return;
        (string pattern, SchemaRef origin) = patterns[matched.Count];
        Rx found = compiler.Scalars.Pattern(pattern, origin, "patternProperties");
        Split(shape, patterns, _rx.And(names, found), [.. matched, true], options);
        Split(shape, patterns, _rx.And(names, _rx.Not(found)), [.. matched, false], options);
    }

    private static IEnumerable<SchemaRef> OtherConjunction(Shape shape, (string Pattern, SchemaRef)[] patterns, List<bool> matched)
    {
        foreach (ObjectGroup group in shape.ObjectGroups)
        {
            bool any = false;
            foreach ((string pattern, SchemaRef value) in group.Patterns)
            {
                if (!matched[Array.FindIndex(patterns, p => p.Pattern == pattern)])
                    continue;
                any = true;
                yield return value;
            }
            if (!any && group.Additional is not null)
                yield return group.Additional;
        }
    }

    private static bool Concerns(PropertyRule rule, (string Pattern, SchemaRef)[] patterns, List<bool> matched)
    {
        bool IsMatch(string pattern) => matched[Array.FindIndex(patterns, p => p.Pattern == pattern)];
        return rule.Pattern is not null ? IsMatch(rule.Pattern) : !Array.Exists(rule.Group.Patterns, p => IsMatch(p.Pattern));
    }

    /// <summary>The names that propertyNames allows.</summary>
    private Rx Names(Shape shape)
    {
        List<Rx> names = [];
        foreach (Shape name in compiler.ShapesOf(compiler.Node(shape.PropertyNames, shape.Origin)))
        {
            if (!name.Types.HasFlag(JsonTypes.String))
                continue;
            if (name.Values is { } values)
                names.AddRange(values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => _rx.Literal(notation.Text.Encode(v.GetString()!))));
            else
                names.Add(_rx.And(compiler.Scalars.String(name), notation.Text.AnyText));
        }
        return _rx.Or([.. names]);
    }
}
