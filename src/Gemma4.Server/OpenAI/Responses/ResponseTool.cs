using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A function the model may call.</summary>
internal sealed record ResponseTool
{
    /// <summary>Always <c>function</c>; hosted tools are refused.</summary>
    public required string Type { get; init; }

    /// <summary>Letters, digits, underscores and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_-]+$")]
    public string? Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>JSON schema of its arguments.</summary>
    [JsonObject, JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public JsonElement? Parameters { get; init; }

    /// <summary>Hold the arguments to the schema.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool? Strict { get; init; }
}
