namespace Gemma4.Server.Terminal;

/// <summary>A conversation cannot go on, or an answer cannot be had; the message is fit to show to the user.</summary>
internal sealed class ChatException(string message) : Exception(message);
