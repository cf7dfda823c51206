using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A tool the model may call.</summary>
internal sealed record ResponseTool
{
    /// <summary><c>function</c> takes JSON arguments, <c>custom</c> free text; any other is left out.</summary>
    public required string Type { get; init; }

    /// <summary>Letters, digits, underscores, dots and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_.-]+$")]
    public string? Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>Of <c>function</c>: JSON schema of its arguments.</summary>
    [JsonObject, JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public JsonElement? Parameters { get; init; }

    /// <summary>Of <c>function</c>: hold the arguments to the schema.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool? Strict { get; init; }

    /// <summary>Of <c>custom</c>: what its text must look like; any text where it is left out.</summary>
    public ResponseToolFormat? Format { get; init; }
}

/// <summary>What a custom tool's text must look like; unlike chat's, its grammar stands in it directly.</summary>
internal sealed record ResponseToolFormat
{
    /// <summary>Any text, or text of a grammar.</summary>
    [AllowedValues("text", "grammar")]
    public required string Type { get; init; }

    /// <summary>Of <c>grammar</c>: how it is written.</summary>
    [AllowedValues("lark", "regex")]
    public string? Syntax { get; init; }

    /// <summary>Of <c>grammar</c>; a regular expression must match the whole text.</summary>
    public string? Definition { get; init; }
}
