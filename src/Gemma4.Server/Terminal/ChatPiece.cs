namespace Gemma4.Server.Terminal;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">Its text.</param>
/// <param name="IsThought">Whether the model thinks it, and does not say it.</param>
internal sealed record ChatPiece(string Text, bool IsThought);
