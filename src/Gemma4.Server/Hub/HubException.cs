namespace Gemma4.Server.Hub;

/// <summary>A model cannot be had by its name. The message says what happened and what to do, and is fit to show to the user.</summary>
internal sealed class HubException(string message) : Exception(message);
