namespace Gemma4.Server.Access;

/// <summary>What this room logs.</summary>
internal static partial class Log
{
    [LoggerMessage(8, LogLevel.Warning, "Everybody who reaches {Host} may use this server: it listens beyond the loopback without a key. Set one with --api-key, or name the hosts it may be called by with --allowed-hosts")]
    public static partial void OpenToAll(this ILogger log, string host);
}
