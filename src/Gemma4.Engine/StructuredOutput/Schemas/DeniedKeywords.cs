using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>What the denial of a schema asks of a shape: that one of its keywords fails.</summary>
internal static class DeniedKeywords
{
    public static void Apply(SchemaExpander expander, Shape shape, SchemaRef denied, Demands demands)
    {
        if (denied.Schema.ValueKind == JsonValueKind.False)
            return;
        if (denied.Schema.ValueKind == JsonValueKind.True)
        {
            shape.Types = JsonTypes.None;
            return;
        }
        SchemaRef schema = denied.Not;
        List<Alternative> ways = [];
        foreach (JsonProperty keyword in schema.Schema.EnumerateObject())
            AddWays(expander, schema, keyword, ways);
        if (schema.Schema.EnumerateObject().Any(p => p.Name is "items" or "prefixItems"))
            AddItems(schema, ways);
        if (schema.Schema.EnumerateObject().Any(p => p.Name is "properties" or "patternProperties" or "additionalProperties"))
            AddProperties(expander.Group(schema), ways);
        if (ways.Count == 0)
            shape.Types = JsonTypes.None;
        else
            demands.Choices.Add([.. ways]);
    }

    private static void AddWays(SchemaExpander expander, SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        switch (keyword.Name)
        {
            case "type":
                JsonTypes types = SchemaKeyword.Type(schema, keyword.Value, out Wholeness wholeness);
                JsonTypes others = JsonTypes.All & ~types;
                if (others != 0)
                    ways.Add(Alternative.Of(others, _ => { }));
                if (wholeness == Wholeness.Whole)
                    ways.Add(Alternative.Of(JsonTypes.Number, s => s.Wholeness |= Wholeness.Fractional));
                break;
            case "enum":
                List<JsonElement> values = SchemaKeyword.Values(schema, keyword, expander.Limits);
                ways.Add(new([], s => s.Excluded.AddRange(values)));
                break;
            case "const":
                ways.Add(new([], s => s.Excluded.Add(keyword.Value)));
                break;
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                if (NumberKeywords.Bound(schema, keyword) is NumberBound bound)
                    ways.Add(Alternative.Of(JsonTypes.Number, s => s.Bounds.Add(bound with { Relation = NumberKeywords.Opposite(bound.Relation) })));
                break;
            case "multipleOf" or "divisibleBy":
                decimal divisor = NumberKeywords.Divisor(schema, keyword);
                ways.Add(Alternative.Of(JsonTypes.Number, s => s.Divisors.Add((divisor, true))));
                break;
            case "minLength" or "maxLength" or "pattern" or "format":
                AddString(schema, keyword, ways);
                break;
            case "minItems" or "maxItems" or "uniqueItems" or "contains":
                AddArray(schema, keyword, ways);
                break;
            case "required" or "minProperties" or "maxProperties" or "propertyNames":
                AddObject(schema, keyword, ways);
                break;
            case "dependencies" or "dependentRequired" or "dependentSchemas":
                AddDependencies(schema, keyword, ways);
                break;
            case "unevaluatedProperties" or "unevaluatedItems" or "$dynamicRef" or "$recursiveRef" or "extends":
                throw schema.Refuse($"'{keyword.Name}' cannot be denied", keyword.Name);
            default:
                AddComposition(expander, schema, keyword, ways);
                break;
        }
    }

    private static void AddComposition(SchemaExpander expander, SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        switch (keyword.Name)
        {
            case "$ref":
                ways.Add(Alternative.Of(expander.Document.Resolve(schema, SchemaKeyword.Text(schema, keyword)).Not));
                break;
            case "allOf":
                ways.AddRange(SchemaKeyword.SchemaList(schema, keyword).Select(s => Alternative.Of(s.Not)));
                break;
            case "anyOf":
                ways.Add(Alternative.Of([.. SchemaKeyword.SchemaList(schema, keyword).Select(s => s.Not)]));
                break;
            case "oneOf":
                SchemaRef[] options = SchemaKeyword.SchemaList(schema, keyword);
                ways.Add(Alternative.Of([.. options.Select(s => s.Not)]));
                for (int i = 0; i < options.Length; i++)
                {
                    for (int j = i + 1; j < options.Length; j++)
                    {
                        if (!expander.AreDisjoint(options[i], options[j], JsonTypes.All))
                            ways.Add(Alternative.Of(options[i], options[j]));
                    }
                }
                break;
            case "not":
                ways.Add(Alternative.Of(SchemaKeyword.Schema(schema, keyword)));
                break;
            case "if":
                SchemaRef condition = SchemaKeyword.Schema(schema, keyword);
                if (schema.Schema.TryGetProperty("then", out JsonElement then))
                    ways.Add(Alternative.Of(condition, schema.Child("then", then).Not));
                if (schema.Schema.TryGetProperty("else", out JsonElement otherwise))
                    ways.Add(Alternative.Of(condition.Not, schema.Child("else", otherwise).Not));
                break;
        }
    }

    private static void AddString(SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        if (keyword.Name == "minLength" && SchemaKeyword.Count(schema, keyword) is > 0 and int min)
            ways.Add(Alternative.Of(JsonTypes.String, s => s.MaxLength = Math.Min(s.MaxLength, min - 1)));
        else if (keyword.Name == "maxLength" && SchemaKeyword.Count(schema, keyword) is < int.MaxValue and int max)
            ways.Add(Alternative.Of(JsonTypes.String, s => s.MinLength = Math.Max(s.MinLength, max + 1)));
        else if (keyword.Name == "pattern")
            ways.Add(Alternative.Of(JsonTypes.String, s => s.Patterns.Add((SchemaKeyword.Text(schema, keyword), true, schema))));
        else if (keyword.Name == "format" && StringFormats.IsKnown(SchemaKeyword.Text(schema, keyword)))
            ways.Add(Alternative.Of(JsonTypes.String, s => s.Formats.Add((keyword.Value.GetString()!, true, schema))));
    }

    private static void AddArray(SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        if (keyword.Name == "minItems" && SchemaKeyword.Count(schema, keyword) is > 0 and int min)
        {
            ways.Add(Alternative.Of(JsonTypes.Array, s => s.MaxItems = Math.Min(s.MaxItems, min - 1)));
        }
        else if (keyword.Name == "maxItems" && SchemaKeyword.Count(schema, keyword) is < int.MaxValue and int max)
        {
            ways.Add(Alternative.Of(JsonTypes.Array, s => s.MinItems = Math.Max(s.MinItems, max + 1)));
        }
        else if (keyword.Name == "uniqueItems" && keyword.Value.ValueKind == JsonValueKind.True)
        {
            throw schema.Refuse("'uniqueItems' cannot be denied", keyword.Name);
        }
        else if (keyword.Name == "contains" && ArrayKeywords.Contains(schema) is { } rule)
        {
            if (rule.Min > 0)
                ways.Add(Alternative.Of(JsonTypes.Array, s => s.Contains.Add(rule with { Min = 0, Max = rule.Min - 1 })));
            if (rule.Max < int.MaxValue)
                ways.Add(Alternative.Of(JsonTypes.Array, s => s.Contains.Add(rule with { Min = rule.Max + 1, Max = int.MaxValue })));
        }
    }

    /// <summary>Some item is not what its place asks for.</summary>
    private static void AddItems(SchemaRef schema, List<Alternative> ways)
    {
        if (ArrayKeywords.Group(schema) is not { } group)
            return;
        for (int i = 0; i < group.Prefix.Length; i++)
        {
            SchemaRef[] prefix = [.. Enumerable.Repeat(new SchemaRef(JsonElement.Parse("true"), "#true"), i), group.Prefix[i].Not];
            ways.Add(Alternative.Of(JsonTypes.Array, s =>
            {
                s.MinItems = Math.Max(s.MinItems, prefix.Length);
                s.ArrayGroups.Add(new(prefix, null));
            }));
        }
        if (group.Rest is null || group.Rest.Schema.ValueKind == JsonValueKind.True)
            return;
        if (group.Rest.IsFalse)
            ways.Add(Alternative.Of(JsonTypes.Array, s => s.MinItems = Math.Max(s.MinItems, group.Prefix.Length + 1)));
        else if (group.Prefix.Length == 0)
            ways.Add(Alternative.Of(JsonTypes.Array, s => s.Contains.Add(new(group.Rest.Not, 1, int.MaxValue))));
        else
            throw schema.Refuse("items after a prefix cannot be denied", "items");
    }

    private static void AddObject(SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        switch (keyword.Name)
        {
            case "required" when keyword.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                foreach (string name in SchemaKeyword.Names(schema, keyword.Name, keyword.Value))
                    ways.Add(Alternative.Of(JsonTypes.Object, s => s.Properties.Add((name, SchemaRef.False))));
                break;
            case "minProperties" when SchemaKeyword.Count(schema, keyword) is > 0 and int min:
                ways.Add(Alternative.Of(JsonTypes.Object, s => s.MaxProperties = Math.Min(s.MaxProperties, min - 1)));
                break;
            case "maxProperties" when SchemaKeyword.Count(schema, keyword) is < int.MaxValue and int max:
                ways.Add(Alternative.Of(JsonTypes.Object, s => s.MinProperties = Math.Max(s.MinProperties, max + 1)));
                break;
            case "propertyNames":
                throw schema.Refuse("'propertyNames' cannot be denied", keyword.Name);
        }
    }

    /// <summary>Some property is not what is asked of it.</summary>
    private static void AddProperties(ObjectGroup group, List<Alternative> ways)
    {
        foreach ((string name, SchemaRef value) in group.Properties)
        {
            if (value.Schema.ValueKind == JsonValueKind.True)
                continue;
            ways.Add(Alternative.Of(JsonTypes.Object, s =>
            {
                s.Require(name);
                s.Properties.Add((name, value.Not));
            }));
        }
        foreach ((string pattern, SchemaRef value) in group.Patterns)
            ways.Add(Alternative.Of(JsonTypes.Object, s => s.MustHold.Add(new(group, pattern, value.Not))));
        if (group.Additional is { } additional && additional.Schema.ValueKind != JsonValueKind.True)
            ways.Add(Alternative.Of(JsonTypes.Object, s => s.MustHold.Add(new(group, null, additional.Not))));
    }

    private static void AddDependencies(SchemaRef schema, JsonProperty keyword, List<Alternative> ways)
    {
        foreach (JsonProperty entry in keyword.Value.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Array)
            {
                ways.Add(Alternative.Of(JsonTypes.Object, s => s.Require(entry.Name), schema.Child(keyword.Name, entry.Name, entry.Value).Not));
                continue;
            }
            foreach (string needed in SchemaKeyword.Names(schema, keyword.Name, entry.Value))
            {
                ways.Add(Alternative.Of(JsonTypes.Object, s =>
                {
                    s.Require(entry.Name);
                    s.Properties.Add((needed, SchemaRef.False));
                }));
            }
        }
    }
}
