using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A tool the model may call.</summary>
internal sealed record ToolDto
{
    /// <summary><c>function</c> takes JSON arguments, <c>custom</c> free text.</summary>
    [AllowedValues("function", "custom")]
    public required string Type { get; init; }

    /// <summary>The function.</summary>
    public FunctionDto? Function { get; init; }

    /// <summary>Of <c>custom</c>: the tool.</summary>
    public CustomToolDto? Custom { get; init; }
}

/// <summary>A function the model may call.</summary>
internal sealed record FunctionDto
{
    /// <summary>Letters, digits, underscores, dots and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_.-]+$")]
    public required string Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>JSON schema of its arguments.</summary>
    [JsonObject]
    public JsonElement? Parameters { get; init; }

    /// <summary>Hold the arguments to the schema.</summary>
    public bool? Strict { get; init; }
}

/// <summary>A tool that takes free text.</summary>
internal sealed record CustomToolDto
{
    /// <summary>Letters, digits, underscores, dots and dashes.</summary>
    [MinLength(1), MaxLength(64), RegularExpression("^[a-zA-Z0-9_.-]+$")]
    public required string Name { get; init; }

    /// <summary>What it does, for the model.</summary>
    public string? Description { get; init; }

    /// <summary>What its text must look like; any text where it is left out.</summary>
    public CustomFormatDto? Format { get; init; }
}

/// <summary>What a custom tool's text must look like.</summary>
internal sealed record CustomFormatDto
{
    /// <summary>Any text, or text of a grammar.</summary>
    [AllowedValues("text", "grammar")]
    public required string Type { get; init; }

    /// <summary>Of <c>grammar</c>.</summary>
    public CustomGrammarDto? Grammar { get; init; }
}

/// <summary>A grammar that a custom tool's text is held to.</summary>
internal sealed record CustomGrammarDto
{
    /// <summary>How it is written.</summary>
    [AllowedValues("lark", "regex")]
    public required string Syntax { get; init; }

    /// <summary>The grammar; a regular expression must match the whole text.</summary>
    public required string Definition { get; init; }
}
