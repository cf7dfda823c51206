using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Whether a given value satisfies a shape: for enum and const beside other keywords, and for names.</summary>
internal sealed class SchemaMatcher(SchemaCompiler compiler)
{
    public bool Matches(ValueNode node, JsonElement value) => compiler.ShapesOf(node).Exists(s => Matches(s, value));

    public bool Matches(Shape shape, JsonElement value)
    {
        compiler.Budget.Charge(shape.Values?.Count ?? 0);
        return (shape.Values is not { } values || values.Exists(v => JsonElement.DeepEquals(v, value))) && MatchesRest(shape, value);
    }

    /// <summary>Whether one of the shape's own values satisfies all else that the shape asks.</summary>
    public bool MatchesRest(Shape shape, JsonElement value)
    {
        compiler.Budget.Descend();
        compiler.Budget.Charge(shape.Excluded.Count);
        if ((JsonValues.TypeOf(value) & shape.Types) == 0
            || shape.Excluded.Exists(v => JsonElement.DeepEquals(v, value)))
            return false;
        return value.ValueKind switch
        {
            JsonValueKind.Number => compiler.MatchesNumber(shape, value),
            JsonValueKind.String => compiler.MatchesString(shape, value.GetString()!),
            JsonValueKind.Array => MatchesArray(shape, value),
            JsonValueKind.Object => MatchesObject(shape, value),
            _ => true,
        };
    }

    private bool MatchesArray(Shape shape, JsonElement value)
    {
        int length = value.GetArrayLength();
        if (length < shape.MinItems || length > shape.MaxItems)
            return false;
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!Matches(compiler.Node(shape.ItemAt(index++), shape.Origin), item))
                return false;
        }
        JsonElement[] items = [.. value.EnumerateArray()];
        compiler.Budget.Charge(shape.UniqueItems is null ? items.Length : (long)items.Length * items.Length);
        if (shape.UniqueItems is not null && items.Where((a, i) => items.Take(i).Any(b => JsonElement.DeepEquals(a, b))).Any())
            return false;
        return shape.Contains.TrueForAll(rule =>
            items.Count(i => Matches(compiler.Node([rule.Item], shape.Origin), i)) is int count && count >= rule.Min && count <= rule.Max);
    }

    private bool MatchesObject(Shape shape, JsonElement value)
    {
        JsonProperty[] properties = [.. value.EnumerateObject()];
        if (properties.Length < shape.MinProperties || properties.Length > shape.MaxProperties
            || !shape.Required.TrueForAll(r => value.TryGetProperty(r, out _))
            || !shape.Dependencies.TrueForAll(d => !value.TryGetProperty(d.Name, out _) || Array.TrueForAll(d.Needs, n => value.TryGetProperty(n, out _))))
            return false;
        foreach (JsonProperty property in properties)
        {
            if (!compiler.IsAllowedName(shape, property.Name)
                || !Matches(compiler.Node(compiler.PropertyConjunction(shape, property.Name), shape.Origin), property.Value))
                return false;
        }
        return shape.MustHold.TrueForAll(rule =>
            Array.Exists(properties, p => compiler.Concerns(rule, p.Name) && Matches(compiler.Node([rule.Value], shape.Origin), p.Value)));
    }
}
