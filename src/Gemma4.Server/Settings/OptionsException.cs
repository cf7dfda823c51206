namespace Gemma4.Server.Settings;

/// <summary>A setting is wrong; the message names its key and the mend. Ends the start with exit code 2.</summary>
internal sealed class OptionsException(string message) : Exception(message);
