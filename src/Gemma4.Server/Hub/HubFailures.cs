namespace Gemma4.Server.Hub;

/// <summary>Failures of the network, as one kind of exception.</summary>
internal static class HubFailures
{
    /// <summary>Whether an exception comes from the connection, or from the limit on its silence, and not from the caller's leaving.</summary>
    public static bool IsOfNetwork(Exception exception, CancellationToken caller) =>
        !caller.IsCancellationRequested && exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException;

    /// <summary>What to say of it.</summary>
    public static TransientHubException Of(Exception exception, Uri url, TimeSpan stall) => new(exception is OperationCanceledException
        ? $"{url.Host} sent nothing for {HubText.Time(stall)}."
        : $"{url.Host}: {HubText.Line(exception.GetBaseException().Message.TrimEnd('.'))}.");
}
