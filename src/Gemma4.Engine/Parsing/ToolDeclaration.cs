using System.Text.Json;

namespace Gemma4.Engine.Parsing;

/// <summary>A tool the request offers: what the parser needs to know of it.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Parameters">The JSON schema of its arguments; <c>default</c> when none was given. Must outlive the parser.</param>
public sealed record ToolDeclaration(string Name, JsonElement Parameters);
