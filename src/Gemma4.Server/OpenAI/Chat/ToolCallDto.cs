using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A function call of the assistant.</summary>
internal sealed record ToolCallDto
{
    /// <summary>Names the call; its answer refers to it.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>function</c>.</summary>
    [AllowedValues("function")]
    public string Type { get; init; } = "function";

    /// <summary>Name and arguments.</summary>
    public required FunctionCallDto Function { get; init; }

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
