using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gemma4.Server.Mapping;

/// <summary>The schema that a tool's arguments are held to.</summary>
/// <remarks>JSON Schema lets an object have properties that nobody declared. A function's caller means the opposite, and a model that is
/// free to invent parameters invents them without end; so an object that does not say is closed.</remarks>
internal static class ToolSchemas
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{},"additionalProperties":false}""");

    /// <summary>Words by which a schema gets properties from elsewhere, or says itself whether it is open.</summary>
    private static readonly string[] OpenWords =
        ["additionalProperties", "patternProperties", "unevaluatedProperties", "$ref", "allOf", "anyOf", "oneOf", "if"];

    /// <summary>The tool's schema, its object closed; a tool without a schema takes no arguments, as OpenAI has it.</summary>
    public static JsonElement Closed(JsonElement? parameters)
    {
        if (parameters is not { ValueKind: JsonValueKind.Object } schema)
            return NoParameters;
        if (!schema.TryGetProperty("properties", out _) || OpenWords.Any(word => schema.TryGetProperty(word, out _)))
            return schema;
        JsonObject closed = JsonObject.Create(schema)!;
        closed["additionalProperties"] = false;
        return JsonElement.Parse(closed.ToJsonString());
    }
}
