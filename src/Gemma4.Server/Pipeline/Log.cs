namespace Gemma4.Server.Pipeline;

/// <summary>What this room logs. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(11, LogLevel.Error, "The request failed")]
    public static partial void Failed(this ILogger log, Exception exception);
}
