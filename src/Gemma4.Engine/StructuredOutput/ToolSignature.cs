using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>A function that may be called, as far as its calls are held to it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">JSON schema of its arguments; null allows any object.</param>
/// <param name="IsStrict">The arguments must be held to the schema, so a schema that cannot be enforced is refused. Without it such a
/// schema still leaves an object with any properties.</param>
public sealed record ToolSignature(string Name, JsonElement? Parameters, bool IsStrict = false);
