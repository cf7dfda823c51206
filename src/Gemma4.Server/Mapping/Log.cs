namespace Gemma4.Server.Mapping;

/// <summary>What this room logs. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(9, LogLevel.Warning, "The field {Field} is ignored: {Reason}")]
    public static partial void Ignored(this ILogger log, string field, string reason);

    [LoggerMessage(12, LogLevel.Error, "A response in the background failed")]
    public static partial void BackgroundFailed(this ILogger log, Exception exception);
}
