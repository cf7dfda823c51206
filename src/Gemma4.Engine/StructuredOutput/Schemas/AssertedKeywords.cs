using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>What a schema asks of a shape, keyword by keyword. Unknown keywords are annotations, as JSON Schema has it.</summary>
internal static class AssertedKeywords
{
    public static void Apply(SchemaExpander expander, Shape shape, SchemaRef schema, Demands demands)
    {
        if (schema.Schema.ValueKind == JsonValueKind.True)
            return;
        if (schema.Schema.ValueKind == JsonValueKind.False)
        {
            shape.Types = JsonTypes.None;
            return;
        }
        bool hasObjectGroup = false;
        foreach (JsonProperty keyword in schema.Schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "type":
                    shape.Types &= SchemaKeyword.Type(schema, keyword.Value, out Wholeness wholeness);
                    shape.Wholeness |= wholeness;
                    break;
                case "enum":
                    Restrict(expander, shape, SchemaKeyword.Values(schema, keyword, expander.Limits));
                    break;
                case "const":
                    Restrict(expander, shape, [keyword.Value]);
                    break;
                case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                    if (NumberKeywords.Bound(schema, keyword) is NumberBound bound)
                        shape.Bounds.Add(bound);
                    break;
                case "multipleOf" or "divisibleBy":
                    shape.Divisors.Add((NumberKeywords.Divisor(schema, keyword), false));
                    break;
                case "minLength":
                    shape.MinLength = Math.Max(shape.MinLength, SchemaKeyword.Count(schema, keyword));
                    break;
                case "maxLength":
                    shape.MaxLength = Math.Min(shape.MaxLength, SchemaKeyword.Count(schema, keyword));
                    break;
                case "pattern":
                    shape.Patterns.Add((SchemaKeyword.Text(schema, keyword), false, schema));
                    break;
                case "format":
                    if (StringFormats.IsKnown(SchemaKeyword.Text(schema, keyword)))
                        shape.Formats.Add((keyword.Value.GetString()!, false, schema));
                    break;
                case "minItems":
                    shape.MinItems = Math.Max(shape.MinItems, SchemaKeyword.Count(schema, keyword));
                    break;
                case "maxItems":
                    shape.MaxItems = Math.Min(shape.MaxItems, SchemaKeyword.Count(schema, keyword));
                    break;
                case "uniqueItems":
                    if (keyword.Value.ValueKind == JsonValueKind.True)
                        shape.UniqueItems ??= schema;
                    break;
                case "items" or "prefixItems" or "additionalItems" or "contains" or "minContains" or "maxContains" or "unevaluatedItems":
                    break; // together, below
                case "properties" or "patternProperties" or "additionalProperties":
                    hasObjectGroup = true;
                    break;
                case "unevaluatedProperties":
                    hasObjectGroup |= NeedsGroup(schema, keyword);
                    break;
                case "required":
                    // Draft 3 had a boolean here, which says nothing about the object itself.
                    if (keyword.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                    {
                        foreach (string name in SchemaKeyword.Names(schema, "required", keyword.Value))
                            shape.Require(name);
                    }
                    break;
                case "minProperties":
                    shape.MinProperties = Math.Max(shape.MinProperties, SchemaKeyword.Count(schema, keyword));
                    break;
                case "maxProperties":
                    shape.MaxProperties = Math.Min(shape.MaxProperties, SchemaKeyword.Count(schema, keyword));
                    break;
                case "propertyNames":
                    shape.PropertyNames.Add(SchemaKeyword.Schema(schema, keyword));
                    break;
                case "dependencies" or "dependentRequired" or "dependentSchemas":
                    ApplyDependencies(shape, schema, keyword, demands);
                    break;
                default:
                    ApplyComposition(expander, schema, keyword, demands);
                    break;
            }
        }
        if (hasObjectGroup)
            shape.ObjectGroups.Add(expander.Group(schema));
        ArrayKeywords.Apply(shape, schema);
        Settle(shape);
    }

    /// <summary>Removes types whose facts contradict each other.</summary>
    public static void Settle(Shape shape)
    {
        if (shape.Wholeness == Wholeness.Neither)
            shape.Types &= ~JsonTypes.Number;
        if (shape.MinLength > shape.MaxLength)
            shape.Types &= ~JsonTypes.String;
        if (shape.MinItems > shape.MaxItems)
            shape.Types &= ~JsonTypes.Array;
        if (Math.Max(shape.MinProperties, shape.Required.Count) > shape.MaxProperties)
            shape.Types &= ~JsonTypes.Object;
        shape.Values?.RemoveAll(v => (JsonValues.TypeOf(v) & shape.Types) == 0);
    }

    private static void ApplyComposition(SchemaExpander expander, SchemaRef schema, JsonProperty keyword, Demands demands)
    {
        switch (keyword.Name)
        {
            case "$ref":
                demands.Also.Add(expander.Document.Resolve(schema, SchemaKeyword.Text(schema, keyword)));
                break;
            case "$dynamicRef" or "$recursiveRef":
                throw schema.Refuse("dynamic references are not supported; use $ref", keyword.Name);
            case "allOf":
                demands.Also.AddRange(SchemaKeyword.SchemaList(schema, keyword));
                break;
            case "extends":
                throw schema.Refuse("'extends' of draft 3 is not supported; use allOf", keyword.Name);
            case "anyOf":
                demands.Choices.Add([.. SchemaKeyword.SchemaList(schema, keyword).Select(s => Alternative.Of(s))]);
                break;
            case "oneOf":
                demands.ExactlyOne.Add(SchemaKeyword.SchemaList(schema, keyword));
                break;
            case "not":
                demands.Also.Add(SchemaKeyword.Schema(schema, keyword).Not);
                break;
            case "if":
                ApplyConditional(schema, keyword, demands);
                break;
        }
    }

    private static void ApplyConditional(SchemaRef schema, JsonProperty keyword, Demands demands)
    {
        SchemaRef condition = SchemaKeyword.Schema(schema, keyword);
        SchemaRef? Branch(string name) => schema.Schema.TryGetProperty(name, out JsonElement branch) ? schema.Child(name, branch) : null;
        SchemaRef? then = Branch("then"), otherwise = Branch("else");
        if (then is null && otherwise is null)
            return;
        demands.Choices.Add([Alternative.Of([condition, .. Some(then)]), Alternative.Of([condition.Not, .. Some(otherwise)])]);
    }

    private static IEnumerable<SchemaRef> Some(SchemaRef? schema) => schema is null ? [] : [schema];

    private static void ApplyDependencies(Shape shape, SchemaRef schema, JsonProperty keyword, Demands demands)
    {
        if (keyword.Value.ValueKind != JsonValueKind.Object)
            throw schema.Refuse("must be an object", keyword.Name);
        foreach (JsonProperty entry in keyword.Value.EnumerateObject())
        {
            string name = entry.Name;
            if (entry.Value.ValueKind == JsonValueKind.Array)
                shape.Dependencies.Add((name, SchemaKeyword.Names(schema, keyword.Name, entry.Value)));
            else if (entry.Value.ValueKind == JsonValueKind.String)
                shape.Dependencies.Add((name, [entry.Value.GetString()!]));
            else
            {
                // Values that are no objects satisfy the absence of a property.
                demands.Choices.Add(
                [
                    new Alternative([], s => s.Properties.Add((name, SchemaRef.False))),
                    Alternative.Of(JsonTypes.Object, s => s.Require(name), schema.Child(keyword.Name, name, entry.Value)),
                ]);
            }
        }
    }

    private static void Restrict(SchemaExpander expander, Shape shape, List<JsonElement> values)
    {
        expander.Budget.Charge((long)values.Count * (1 + (shape.Values?.Count ?? 0)));
        shape.Values = shape.Values is null ? values : [.. shape.Values.Where(v => values.Exists(w => JsonElement.DeepEquals(v, w)))];
    }

    /// <summary>Without schemas beside it at the same object, unevaluated properties are the additional ones.</summary>
    private static bool NeedsGroup(SchemaRef schema, JsonProperty keyword)
    {
        if (keyword.Value.ValueKind == JsonValueKind.True)
            return false;
        if (schema.Schema.EnumerateObject().Any(p => p.Name is "$ref" or "allOf" or "anyOf" or "oneOf" or "if" or "dependentSchemas"))
            throw schema.Refuse("unevaluatedProperties beside other schemas is not supported; use additionalProperties", keyword.Name);
        return true;
    }
}
