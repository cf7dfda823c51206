namespace Gemma4.Server.Hub;

/// <summary>A request failed in a way that may not last: a broken connection, a busy server.</summary>
/// <param name="message">What happened.</param>
/// <param name="retryAfter">How long the server wants to be left alone; null where it does not say.</param>
internal sealed class TransientHubException(string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>How long the server wants to be left alone.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
