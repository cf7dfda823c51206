using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>What the answer's text must look like.</summary>
internal sealed record ResponseText
{
    /// <summary>Free text, any JSON object, or JSON of a schema.</summary>
    public ResponseTextFormat? Format { get; init; }

    /// <summary>Accepted, not used.</summary>
    [AllowedValues("low", "medium", "high")]
    public string? Verbosity { get; init; }
}

/// <summary>A format; unlike chat's, its schema stands in it directly.</summary>
internal sealed record ResponseTextFormat
{
    /// <summary>Free text, any JSON object, or JSON of a schema.</summary>
    [AllowedValues("text", "json_object", "json_schema")]
    public required string Type { get; init; }

    /// <summary>Of <c>json_schema</c>: letters, digits, underscores and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_-]+$")]
    public string? Name { get; init; }

    /// <summary>Of <c>json_schema</c>: what the format is for.</summary>
    public string? Description { get; init; }

    /// <summary>Of <c>json_schema</c>.</summary>
    [JsonObject]
    public JsonElement? Schema { get; init; }

    /// <summary>Of <c>json_schema</c>: the answer is held to the schema either way; <c>true</c> also demands that it names all members.</summary>
    public bool? Strict { get; init; }
}
