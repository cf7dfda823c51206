using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Reads keywords' values, refusing malformed ones with their place.</summary>
internal static class SchemaKeyword
{
    public static int Count(SchemaRef at, JsonProperty keyword)
    {
        if (keyword.Value.ValueKind == JsonValueKind.Number && keyword.Value.TryGetDecimal(out decimal value)
            && value >= 0 && value == decimal.Truncate(value))
            return (int)Math.Min(value, int.MaxValue);
        throw at.Refuse("must be a whole number that is not negative", keyword.Name);
    }

    public static string Text(SchemaRef at, JsonProperty keyword) =>
        keyword.Value.ValueKind == JsonValueKind.String ? keyword.Value.GetString()! : throw at.Refuse("must be a string", keyword.Name);

    public static string[] Names(SchemaRef at, string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.String))
            throw at.Refuse("must be a list of strings", keyword);
        return [.. value.EnumerateArray().Select(v => v.GetString()!)];
    }

    /// <summary>The values of <c>enum</c>.</summary>
    public static List<JsonElement> Values(SchemaRef at, JsonProperty keyword, ConstraintLimits limits)
    {
        if (keyword.Value.ValueKind != JsonValueKind.Array)
            throw at.Refuse("must be a list", keyword.Name);
        ConstraintLimits.Check($"{at.Pointer}/{keyword.Name}", "values", keyword.Value.GetArrayLength(), limits.MaxEnumValues, nameof(limits.MaxEnumValues));
        return [.. keyword.Value.EnumerateArray()];
    }

    public static SchemaRef Schema(SchemaRef at, JsonProperty keyword) =>
        keyword.Value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False
            ? at.Child(keyword.Name, keyword.Value)
            : throw at.Refuse("must be a schema", keyword.Name);

    public static SchemaRef[] SchemaList(SchemaRef at, JsonProperty keyword)
    {
        if (keyword.Value.ValueKind != JsonValueKind.Array)
            throw at.Refuse("must be a list of schemas", keyword.Name);
        return [.. keyword.Value.EnumerateArray().Select((s, i) => Checked(at.Child(keyword.Name, i, s)))];
    }

    public static (string Name, SchemaRef Schema)[] SchemaMap(SchemaRef at, JsonProperty keyword)
    {
        if (keyword.Value.ValueKind != JsonValueKind.Object)
            throw at.Refuse("must be an object of schemas", keyword.Name);
        return [.. keyword.Value.EnumerateObject().Select(p => (p.Name, Checked(at.Child(keyword.Name, p.Name, p.Value))))];
    }

    public static JsonTypes Type(SchemaRef at, JsonElement value, out Wholeness wholeness)
    {
        JsonTypes types = JsonTypes.None;
        bool integer = false;
        IEnumerable<JsonElement> names = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        foreach (JsonElement name in names)
        {
            string? text = name.ValueKind == JsonValueKind.String ? name.GetString() : null;
            integer |= text == "integer";
            types |= text switch
            {
                "null" => JsonTypes.Null,
                "boolean" => JsonTypes.Boolean,
                "number" => JsonTypes.Number,
                "integer" => JsonTypes.None,
                "string" => JsonTypes.String,
                "array" => JsonTypes.Array,
                "object" => JsonTypes.Object,
                "any" => JsonTypes.All, // drafts before 4
                _ => throw at.Refuse($"unknown type '{name}'", "type"),
            };
        }
        wholeness = integer && (types & JsonTypes.Number) == 0 ? Wholeness.Whole : Wholeness.Any;
        return integer ? types | JsonTypes.Number : types;
    }

    private static SchemaRef Checked(SchemaRef schema) =>
        schema.Schema.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False
            ? schema
            : throw schema.Refuse("must be a schema");
}
