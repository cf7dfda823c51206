using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Streaming;

/// <summary>The windows of an audio clip, each a generation of its own, read one after the other: events of window i have the index i.</summary>
/// <param name="numWindows">How many there are.</param>
/// <param name="start">Submits one.</param>
internal sealed class TranscriptionGeneration(int numWindows, Func<int, CancellationToken, Task<Generation>> start) : IGeneration
{
    // Not disposed: it has no timer, and the last window's submission may still hold its token.
    private readonly CancellationTokenSource _disposed = new();
    private readonly List<Generation> _parts = [];
    private readonly EventBatch _ofPart = new();
    private Task _starting = Task.CompletedTask;

    /// <summary>The windows begun so far.</summary>
    public IReadOnlyList<Generation> Parts => _parts;

    /// <inheritdoc/>
    public async ValueTask<bool> WaitAsync()
    {
        while (_parts.Count == 0 || !await _parts[^1].WaitAsync())
        {
            if (_parts.Count == numWindows)
                return false;
            await (_starting = StartAsync(_parts.Count));
        }
        return true;
    }

    /// <inheritdoc/>
    public void Read(EventBatch batch)
    {
        _parts[^1].Read(_ofPart);
        foreach (SequenceEvent item in _ofPart.Take())
            batch.Add(item with { Index = _parts.Count - 1 });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (Generation part in _parts)
            await part.DisposeAsync();
    }

    /// <summary>A later window may be refused when the answer has begun: the stream tells it like any failure.</summary>
    private async Task StartAsync(int window)
    {
        try
        {
            _parts.Add(await start(window, _disposed.Token));
        }
        catch (RequestRejectedException refused) when (window > 0)
        {
            throw new ApiException(ErrorTable.From(refused));
        }
    }
}
