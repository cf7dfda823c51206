using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A call of the assistant.</summary>
internal sealed record ToolCallDto
{
    /// <summary>Names the call; its answer refers to it.</summary>
    public required string Id { get; init; }

    /// <summary>What is called.</summary>
    [AllowedValues("function", "custom")]
    public string Type { get; init; } = "function";

    /// <summary>Of <c>function</c>: name and arguments.</summary>
    public FunctionCallDto? Function { get; init; }

    /// <summary>Of <c>custom</c>: name and text.</summary>
    public CustomCallDto? Custom { get; init; }

    /// <summary>Given back by clients that copy streams; not used.</summary>
    public int? Index { get; init; }
}

/// <summary>A function's name and arguments.</summary>
internal sealed record FunctionCallDto
{
    /// <summary>The function.</summary>
    public required string Name { get; init; }

    /// <summary>JSON text of the arguments; as the model wrote it, so perhaps not valid.</summary>
    public required string Arguments { get; init; }
}

/// <summary>A custom tool's name and text.</summary>
internal sealed record CustomCallDto
{
    /// <summary>The tool.</summary>
    public required string Name { get; init; }

    /// <summary>The text.</summary>
    public required string Input { get; init; }
}
