using System.Text.Json;

namespace Gemma4.Engine.Chat;

/// <summary>A function the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does; null leaves it out.</param>
/// <param name="Parameters">JSON schema of its arguments, as the request has it; null leaves it out.</param>
public sealed record ToolDefinition(string Name, string? Description, JsonElement? Parameters);
