using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>The keywords of arrays that mean something only together.</summary>
internal static class ArrayKeywords
{
    public static void Apply(Shape shape, SchemaRef schema)
    {
        if (Group(schema) is { } group)
        {
            shape.ArrayGroups.Add(group);
            int closed = Array.FindIndex(group.Prefix, p => p.IsFalse);
            if (closed >= 0)
                shape.MaxItems = Math.Min(shape.MaxItems, closed);
            if (group.Rest is { IsFalse: true })
                shape.MaxItems = Math.Min(shape.MaxItems, group.Prefix.Length);
        }
        if (Contains(schema) is { Min: > 0 } or { Max: < int.MaxValue })
            shape.Contains.Add(Contains(schema)!);
    }

    /// <summary>prefixItems and items; before 2020, items as a list and additionalItems.</summary>
    public static ArrayGroup? Group(SchemaRef schema)
    {
        SchemaRef[] prefix = [];
        SchemaRef? rest = null, additional = null;
        bool isList = false, any = false;
        foreach (JsonProperty keyword in schema.Schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "prefixItems":
                    prefix = SchemaKeyword.SchemaList(schema, keyword);
                    break;
                case "items" when keyword.Value.ValueKind == JsonValueKind.Array:
                    prefix = SchemaKeyword.SchemaList(schema, keyword);
                    isList = true;
                    break;
                case "items":
                    rest = SchemaKeyword.Schema(schema, keyword);
                    break;
                case "additionalItems":
                    additional = SchemaKeyword.Schema(schema, keyword);
                    continue;
                case "unevaluatedItems" when keyword.Value.ValueKind != JsonValueKind.True:
                    throw schema.Refuse("unevaluatedItems is not supported; use items", keyword.Name);
                default:
                    continue;
            }
            any = true;
        }
        return any ? new(prefix, isList ? additional : rest) : null;
    }

    public static ContainsRule? Contains(SchemaRef schema)
    {
        if (!schema.Schema.TryGetProperty("contains", out JsonElement item))
            return null;
        int Count(string name, int otherwise) =>
            schema.Schema.EnumerateObject().Where(p => p.Name == name).Select(p => SchemaKeyword.Count(schema, p)).Append(otherwise).First();
        return new(schema.Child("contains", item), Count("minContains", 1), Count("maxContains", int.MaxValue));
    }
}
