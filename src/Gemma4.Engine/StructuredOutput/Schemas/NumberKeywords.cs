using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Bounds and divisors, in the spelling of draft 4 and of later ones.</summary>
internal static class NumberKeywords
{
    /// <summary>The bound that a keyword sets; null when it only modifies another.</summary>
    public static NumberBound? Bound(SchemaRef schema, JsonProperty keyword)
    {
        bool lower = keyword.Name is "minimum" or "exclusiveMinimum";
        if (keyword.Name.StartsWith("exclusive", StringComparison.Ordinal))
        {
            if (keyword.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
                return null;
            return new(Number(schema, keyword), lower ? Relation.Greater : Relation.Less);
        }
        bool exclusive = schema.Schema.TryGetProperty(lower ? "exclusiveMinimum" : "exclusiveMaximum", out JsonElement flag)
            && flag.ValueKind == JsonValueKind.True;
        Relation relation = (lower, exclusive) switch
        {
            (true, true) => Relation.Greater,
            (true, false) => Relation.AtLeast,
            (false, true) => Relation.Less,
            (false, false) => Relation.AtMost,
        };
        return new(Number(schema, keyword), relation);
    }

    public static decimal Divisor(SchemaRef schema, JsonProperty keyword)
    {
        if (keyword.Value.ValueKind == JsonValueKind.Number && keyword.Value.TryGetDecimal(out decimal divisor) && divisor > 0)
            return divisor;
        throw schema.Refuse("must be a positive decimal number", keyword.Name);
    }

    public static Relation Opposite(Relation relation) => relation switch
    {
        Relation.Less => Relation.AtLeast,
        Relation.AtMost => Relation.Greater,
        Relation.AtLeast => Relation.Less,
        Relation.Greater => Relation.AtMost,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Number(SchemaRef schema, JsonProperty keyword) =>
        keyword.Value.ValueKind == JsonValueKind.Number ? keyword.Value.GetRawText() : throw schema.Refuse("must be a number", keyword.Name);
}
