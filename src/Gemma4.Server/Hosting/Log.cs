namespace Gemma4.Server.Hosting;

/// <summary>What this room and the error middleware log. Prompts and answers are not logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Loading {Path}")]
    public static partial void Loading(this ILogger log, string path);

    [LoggerMessage(2, LogLevel.Information, "Loaded {Path} in {Seconds:0.0} s as {Names}; context {MaxContextLength}, KV cache {KvCapacityTokens} tokens, up to {MaxSequences} sequences a step")]
    public static partial void Loaded(
        this ILogger log, string path, double seconds, string names, int maxContextLength, long kvCapacityTokens, int maxSequences);

    [LoggerMessage(3, LogLevel.Critical, "{Path} cannot be served: {Reason}")]
    public static partial void LoadFailed(this ILogger log, string path, string reason);

    [LoggerMessage(4, LogLevel.Information, "Stopping: waiting up to {Seconds} s for the requests being served")]
    public static partial void Draining(this ILogger log, int seconds);

    [LoggerMessage(5, LogLevel.Information, "Listening on {Addresses}; API documentation at {Swagger}")]
    public static partial void Listening(this ILogger log, string addresses, string swagger);

    [LoggerMessage(8, LogLevel.Warning, "Everybody who reaches {Host} may use this server: it listens beyond the loopback without a key. Set one with --api-key, or name the hosts it may be called by with --allowed-hosts")]
    public static partial void OpenToAll(this ILogger log, string host);

    [LoggerMessage(6, LogLevel.Debug, "Where loading failed")]
    public static partial void LoadFailedAt(this ILogger log, Exception exception);

    [LoggerMessage(7, LogLevel.Warning, "Not waiting for threads that still {Work}")]
    public static partial void Abandoned(this ILogger log, string work);

    [LoggerMessage(9, LogLevel.Warning, "The field {Field} is ignored: {Reason}")]
    public static partial void Ignored(this ILogger log, string field, string reason);

    [LoggerMessage(11, LogLevel.Error, "The request failed")]
    public static partial void Failed(this ILogger log, Exception exception);
}
