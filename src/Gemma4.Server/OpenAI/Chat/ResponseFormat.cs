using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>What the answer must look like.</summary>
internal sealed record ResponseFormat
{
    /// <summary>Free text, any JSON object, or JSON of a schema.</summary>
    [AllowedValues("text", "json_object", "json_schema")]
    public required string Type { get; init; }

    /// <summary>Of <c>json_schema</c>.</summary>
    public JsonSchemaFormat? JsonSchema { get; init; }
}

/// <summary>A JSON schema and its name.</summary>
internal sealed record JsonSchemaFormat
{
    /// <summary>Letters, digits, underscores and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_-]+$")]
    public required string Name { get; init; }

    /// <summary>What the format is for.</summary>
    public string? Description { get; init; }

    /// <summary>The schema; without one any JSON object is allowed.</summary>
    [JsonObject]
    public JsonElement? Schema { get; init; }

    /// <summary>The answer is held to the schema either way.</summary>
    public bool? Strict { get; init; }
}
