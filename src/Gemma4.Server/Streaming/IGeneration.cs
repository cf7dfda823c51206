namespace Gemma4.Server.Streaming;

/// <summary>A request that the engine has accepted, as text events. Disposing it ends the work. Read by <see cref="GenerationReader"/>.</summary>
internal interface IGeneration : IAsyncDisposable
{
    /// <summary>Waits until there is something to read. One wait at a time; it may be given up only by disposing the generation.</summary>
    /// <returns>False once all has been read.</returns>
    /// <exception cref="Errors.ApiException">A sequence failed.</exception>
    ValueTask<bool> WaitAsync();

    /// <summary>Reads what is there, as far as the batch takes it. It may be tokens that have no text yet.</summary>
    void Read(EventBatch batch);
}
