namespace Gemma4.Engine.Chat;

/// <summary>A call an assistant made earlier in the conversation.</summary>
/// <param name="Id">Its id, by which a tool's message answers it; null where the request gave none.</param>
/// <param name="Name">The function's name.</param>
/// <param name="Arguments">The arguments as the request has them: JSON text.</param>
/// <remarks>
/// Templates want an object. Empty text and <c>null</c> are the object without entries. Anything else that is no JSON object is
/// what some model once wrote; so that the conversation stays usable and the model sees what it wrote, it becomes an object with
/// one entry, <c>arguments</c>: the value where the text is JSON, else the text itself.
/// </remarks>
public sealed record ChatToolCall(string? Id, string Name, string Arguments);
