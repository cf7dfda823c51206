using System.Runtime.CompilerServices;

namespace Gemma4.Server.Streaming;

/// <summary>Reads a generation in batches: all that is there, or nothing when it was silent for a while. A client that reads slowly finds in one
/// batch what gathered meanwhile; the engine, which never waits, does not notice.</summary>
internal sealed class GenerationReader : IDisposable
{
    private readonly IGeneration _generation;
    private readonly StreamWaits _waits;
    private readonly EventBatch _batch = new();

    /// <summary>Begins to read; the generation stays its owner's, who disposes it after this.</summary>
    /// <param name="generation">Has not been read.</param>
    /// <param name="patience">Silence that is told; <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="left">The client left.</param>
    public GenerationReader(IGeneration generation, TimeSpan patience, TimeProvider time, CancellationToken left)
    {
        _generation = generation;
        _waits = new StreamWaits(generation.WaitAsync, patience, time, left);
    }

    /// <summary>What the last <see cref="ReadAsync"/> brought; empty after silence. Good until the next.</summary>
    public IReadOnlyList<SequenceEvent> Events { get; private set; } = [];

    /// <summary>Reads a generation to its end, for an answer that is not streamed.</summary>
    public static async Task ReadToEndAsync(IGeneration generation, Action<SequenceEvent> add, CancellationToken left)
    {
        using var reader = new GenerationReader(generation, Timeout.InfiniteTimeSpan, TimeProvider.System, left);
        while (await reader.ReadAsync())
        {
            foreach (SequenceEvent item in reader.Events)
                add(item);
        }
    }

    /// <summary>Waits for the next batch.</summary>
    /// <returns>False when there are no more.</returns>
    /// <exception cref="Errors.ApiException">A sequence failed.</exception>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync()
    {
        while (true)
        {
            Waited waited = await _waits.NextAsync();
            if (waited == Waited.End)
                return false;
            if (waited == Waited.Something)
            {
                _generation.Read(_batch);
                // Tokens without text say nothing to anybody.
                if (_batch.IsEmpty)
                    continue;
                _waits.Spoke();
            }
            Events = _batch.Take();
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _waits.Dispose();
}
