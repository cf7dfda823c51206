namespace Gemma4.Testing.Attacks;

/// <summary>A server that attacks are sent to.</summary>
internal interface IAttackTarget
{
    /// <summary>Where it listens.</summary>
    Uri Url { get; }

    /// <summary>Sends a POST and reads the whole answer.</summary>
    Task<RawAnswer> PostAsync(string path, byte[] body, string contentType, CancellationToken cancellationToken);
}
