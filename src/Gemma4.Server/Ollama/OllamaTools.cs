using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Ollama;

/// <summary>A tool the model may call.</summary>
internal sealed record OllamaTool
{
    /// <summary>Always <c>function</c>.</summary>
    [AllowedValues("function")]
    public string? Type { get; init; }

    /// <summary>The function.</summary>
    public required OllamaFunction Function { get; init; }
}

/// <summary>A function the model may call.</summary>
internal sealed record OllamaFunction
{
    /// <summary>Letters, digits, underscores, dots and dashes.</summary>
    [MinLength(1), MaxLength(128), RegularExpression("^[a-zA-Z0-9_.-]+$")]
    public required string Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>JSON schema of its arguments.</summary>
    [JsonObject]
    public JsonElement? Parameters { get; init; }
}

/// <summary>A call of the assistant.</summary>
internal sealed record OllamaToolCall
{
    /// <summary>Names the call; results may refer to it.</summary>
    public string? Id { get; init; }

    /// <summary>Name and arguments.</summary>
    public required OllamaFunctionCall Function { get; init; }
}

/// <summary>A function's name and arguments.</summary>
internal sealed record OllamaFunctionCall
{
    /// <summary>Which call of the answer.</summary>
    public int? Index { get; init; }

    /// <summary>The function.</summary>
    public required string Name { get; init; }

    /// <summary>The arguments.</summary>
    [JsonObject]
    public JsonElement? Arguments { get; init; }
}
