namespace Gemma4.Server.Mapping;

/// <summary>What this room logs. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(9, LogLevel.Warning, "The field {Field} is ignored: {Reason}")]
    public static partial void Ignored(this ILogger log, string field, string reason);

    [LoggerMessage(12, LogLevel.Error, "A response in the background failed")]
    public static partial void BackgroundFailed(this ILogger log, Exception exception);

    [LoggerMessage(30, LogLevel.Information, "A response in the background is another server's now, or was deleted: what was made of it here is dropped")]
    public static partial void JobLost(this ILogger log);

    [LoggerMessage(31, LogLevel.Warning, "A response in the background is made again here, since its server is gone (try {Attempt})")]
    public static partial void TakenOver(this ILogger log, int attempt);

    [LoggerMessage(32, LogLevel.Warning, "The end of a response in the background cannot be written yet: {Reason}")]
    public static partial void EndNotWritten(this ILogger log, string reason);

    [LoggerMessage(33, LogLevel.Warning, "A response in the background cannot be given back: {Reason}")]
    public static partial void JobNotGivenBack(this ILogger log, string reason);
}
