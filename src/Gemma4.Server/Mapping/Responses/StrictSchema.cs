using System.Text.Json;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>What OpenAI demands of a schema under <c>strict</c>: objects are closed and name all their members as required.</summary>
/// <remarks>This server enforces any schema; the demand is kept because clients rely on being told.</remarks>
internal static class StrictSchema
{
    /// <summary>The first fault, in OpenAI's words; null when there is none.</summary>
    public static string? FaultOf(JsonElement schema) => FaultOf(schema, []);

    private static string? FaultOf(JsonElement schema, List<string> path)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return null;
        if (schema.TryGetProperty("properties", out JsonElement members) && members.ValueKind == JsonValueKind.Object)
        {
            if (!schema.TryGetProperty("additionalProperties", out JsonElement others) || others.ValueKind != JsonValueKind.False)
                return $"In context=({Context(path)}), 'additionalProperties' is required to be supplied and to be false.";
            if (Optional(schema, members) is { } missing)
                return $"In context=({Context(path)}), 'required' is required to be supplied and to be an array including every key in properties. Missing '{missing}'.";
        }
        return Children(schema).Select(child => FaultOf(child.Schema, [.. path, .. child.Steps])).FirstOrDefault(fault => fault is not null);
    }

    private static string? Optional(JsonElement schema, JsonElement members)
    {
        string?[] required = schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString())]
            : [];
        return members.EnumerateObject().Select(m => m.Name).FirstOrDefault(name => !required.Contains(name));
    }

    private static IEnumerable<(JsonElement Schema, string[] Steps)> Children(JsonElement schema)
    {
        foreach (string keyword in (string[])["properties", "$defs", "definitions"])
            if (schema.TryGetProperty(keyword, out JsonElement members) && members.ValueKind == JsonValueKind.Object)
                foreach (JsonProperty member in members.EnumerateObject())
                    yield return (member.Value, [keyword, member.Name]);
        if (schema.TryGetProperty("items", out JsonElement items))
            yield return (items, ["items"]);
        foreach (string keyword in (string[])["anyOf", "oneOf", "allOf", "prefixItems"])
            if (schema.TryGetProperty(keyword, out JsonElement branches) && branches.ValueKind == JsonValueKind.Array)
                foreach ((int i, JsonElement branch) in branches.EnumerateArray().Index())
                    yield return (branch, [keyword, $"{i}"]);
    }

    private static string Context(List<string> path) => path.Count == 0 ? "" : string.Join(", ", path.Select(p => $"'{p}'")) + (path.Count == 1 ? "," : "");
}
