namespace Gemma4.Server.Serving;

/// <summary>What this room logs.</summary>
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

    [LoggerMessage(5, LogLevel.Information, "Listening on {Addresses}; requests are served once the model is loaded")]
    public static partial void Listening(this ILogger log, string addresses);

    [LoggerMessage(10, LogLevel.Information, "Ready: page {Page}, API {Api}, Swagger {Swagger}")]
    public static partial void Ready(this ILogger log, string page, string api, string swagger);

    [LoggerMessage(17, LogLevel.Critical, "The process ends, to be started anew: {Reason}")]
    public static partial void EngineLost(this ILogger log, string? reason);

    [LoggerMessage(6, LogLevel.Debug, "Where loading failed")]
    public static partial void LoadFailedAt(this ILogger log, Exception exception);

    [LoggerMessage(7, LogLevel.Warning, "Not waiting for threads that still {Work}")]
    public static partial void Abandoned(this ILogger log, string work);

    [LoggerMessage(9, LogLevel.Information, "Settings from {Files}, then from variables GEMMA4__Section__Key, then from the command line")]
    public static partial void Settings(this ILogger log, string files);

    [LoggerMessage(11, LogLevel.Warning, "Images, videos and audio clips are refused: {Why}")]
    public static partial void TowersLeft(this ILogger log, string why);

    [LoggerMessage(8, LogLevel.Information, "{Line}")]
    public static partial void Fetching(this ILogger log, string line);
}
