using System.Runtime.CompilerServices;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Streaming;

/// <summary>The windows of a sound, each a generation of its own, read one after the other: events of window i have the index i.</summary>
/// <param name="numWindows">How many there are.</param>
/// <param name="start">Submits one.</param>
internal sealed class TranscriptionGeneration(int numWindows, Func<int, CancellationToken, Task<Generation>> start) : IGeneration
{
    private readonly List<Generation> _parts = [];

    /// <summary>The windows begun so far.</summary>
    public IReadOnlyList<Generation> Parts => _parts;

    /// <inheritdoc/>
    public async IAsyncEnumerable<SequenceEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int window = 0; window < numWindows; window++)
        {
            Generation part = await StartAsync(window, cancellationToken);
            _parts.Add(part);
            await foreach (SequenceEvent item in part.ReadAsync(cancellationToken))
                yield return item with { Index = window };
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Generation part in _parts)
            await part.DisposeAsync();
    }

    /// <summary>A later window may be refused when the answer has begun: the stream tells it like any failure.</summary>
    private async Task<Generation> StartAsync(int window, CancellationToken cancellationToken)
    {
        try
        {
            return await start(window, cancellationToken);
        }
        catch (RequestRejectedException refused) when (window > 0)
        {
            throw new ApiException(ErrorTable.From(refused));
        }
    }
}
