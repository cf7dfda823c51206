namespace Gemma4.Server.Access;

/// <summary>What this room logs. Keys never: their names.</summary>
internal static partial class Log
{
    [LoggerMessage(8, LogLevel.Warning, "Everybody who reaches {Host} may use this server: it listens beyond the loopback without a key. Set one with --api-key, or name the hosts it may be called by with --allowed-hosts")]
    public static partial void OpenToAll(this ILogger log, string host);

    [LoggerMessage(12, LogLevel.Information, "{Count} keys let requests in, after a change of {Path}")]
    public static partial void KeysReloaded(this ILogger log, int count, string path);

    [LoggerMessage(13, LogLevel.Error, "The keys stay as they were, since they cannot be read again: {Reason}")]
    public static partial void KeysKept(this ILogger log, string reason);

    [LoggerMessage(14, LogLevel.Warning, "No key is left in {Path}: every request is refused that needs one")]
    public static partial void NoKeyLeft(this ILogger log, string path);

    [LoggerMessage(15, LogLevel.Information, "The certificate of {Path} was read again; it is good until {NotAfter:u}")]
    public static partial void CertificateReloaded(this ILogger log, string path, DateTime notAfter);

    [LoggerMessage(16, LogLevel.Error, "The certificate stays as it was, since it cannot be read again: {Reason}")]
    public static partial void CertificateKept(this ILogger log, string reason);
}
