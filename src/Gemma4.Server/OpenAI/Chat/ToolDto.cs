using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A tool the model may call.</summary>
internal sealed record ToolDto
{
    /// <summary><c>function</c>; <c>custom</c> is known and refused.</summary>
    [AllowedValues("function", "custom")]
    public required string Type { get; init; }

    /// <summary>The function.</summary>
    public FunctionDto? Function { get; init; }

    /// <summary>Of <c>custom</c>, which is refused.</summary>
    [JsonObject]
    public JsonElement? Custom { get; init; }
}

/// <summary>A function the model may call.</summary>
internal sealed record FunctionDto
{
    /// <summary>Letters, digits, underscores and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_-]+$")]
    public required string Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>JSON schema of its arguments.</summary>
    [JsonObject]
    public JsonElement? Parameters { get; init; }

    /// <summary>Hold the arguments to the schema.</summary>
    public bool? Strict { get; init; }
}
