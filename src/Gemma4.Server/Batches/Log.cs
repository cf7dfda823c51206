namespace Gemma4.Server.Batches;

/// <summary>What this room logs. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(40, LogLevel.Information, "The batch {Id} is {Status}: {Completed} of {Total} lines answered, {Failed} failed")]
    public static partial void BatchStands(this ILogger log, string id, string status, int completed, int total, int failed);

    [LoggerMessage(41, LogLevel.Warning, "The batch {Id} cannot go on now and is tried again: {Reason}")]
    public static partial void BatchWaits(this ILogger log, string id, string reason);

    [LoggerMessage(42, LogLevel.Error, "The batch {Id} met a fault and is tried again")]
    public static partial void BatchFailed(this ILogger log, Exception exception, string id);

    [LoggerMessage(43, LogLevel.Information, "The batch {Id} is another server's now, or was deleted: what was made of it here and is not written is dropped")]
    public static partial void BatchLost(this ILogger log, string id);

    [LoggerMessage(44, LogLevel.Error, "No batch could be taken")]
    public static partial void ClaimFailed(this ILogger log, Exception exception);
}
