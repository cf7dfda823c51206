using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>A function that may be called, as far as its calls are held to it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">JSON schema of its arguments; null allows any object.</param>
/// <param name="IsStrict">The arguments must be held to the schema, so a schema that cannot be enforced is refused. Without it such a
/// schema still leaves an object with any properties.</param>
public sealed record ToolSignature(string Name, JsonElement? Parameters, bool IsStrict = false)
{
    /// <summary>The one argument of a tool that takes free text.</summary>
    public const string InputParameter = "input";

    /// <summary>Set for a tool whose only argument is <see cref="InputParameter"/>, a string that is such text; <see cref="Parameters"/> then do not count.</summary>
    public ToolInput? Input { get; init; }
}
