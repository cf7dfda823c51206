namespace Gemma4.Server.Storage;

/// <summary>What this room logs. What is kept is not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Information, "What is asked to be kept is kept in {Database}, for {Days} days")]
    public static partial void Opened(this ILogger log, string database, int days);

    [LoggerMessage(21, LogLevel.Error, "Nothing can be kept: {Fault} ({Reason})")]
    public static partial void Failed(this ILogger log, string fault, string reason);

    [LoggerMessage(22, LogLevel.Debug, "Where the database failed")]
    public static partial void FailedAt(this ILogger log, Exception exception);

    [LoggerMessage(23, LogLevel.Information, "The database answers again")]
    public static partial void Recovered(this ILogger log);

    [LoggerMessage(24, LogLevel.Warning, "An answer went out without being kept: {Reason}")]
    public static partial void NotKept(this ILogger log, string reason);

    [LoggerMessage(26, LogLevel.Error, "What is old could not be forgotten")]
    public static partial void SweepFailed(this ILogger log, Exception exception);

    [LoggerMessage(25, LogLevel.Information, "The schema of {Database} is brought from version {From} to {To}")]
    public static partial void Migrating(this ILogger log, string database, long from, long to);
}
