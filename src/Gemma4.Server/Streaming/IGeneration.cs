namespace Gemma4.Server.Streaming;

/// <summary>A request that the engine has accepted, as text events. Disposing it ends the work.</summary>
internal interface IGeneration : IAsyncDisposable
{
    /// <summary>The events of all sequences as they come; once.</summary>
    /// <exception cref="Errors.ApiException">A sequence failed.</exception>
    IAsyncEnumerable<SequenceEvent> ReadAsync(CancellationToken cancellationToken);
}
