namespace Gemma4.Server.Serving;

/// <summary>Time as the API gives it.</summary>
internal sealed class ServerClock(TimeProvider time)
{
    /// <summary>When the server started, in seconds since 1970.</summary>
    public long Started { get; } = time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Seconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeSeconds();
}
