namespace Gemma4.Server.Pipeline;

/// <summary>What this room logs. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(11, LogLevel.Error, "The request failed")]
    public static partial void Failed(this ILogger log, Exception exception);

    [LoggerMessage(18, LogLevel.Error, "{Count} lines of the audit log are lost: {Path} cannot be written: {Reason}")]
    public static partial void AuditLost(this ILogger log, int count, string path, string reason);
}
