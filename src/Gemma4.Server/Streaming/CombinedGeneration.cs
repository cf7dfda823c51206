using System.Threading.Channels;

namespace Gemma4.Server.Streaming;

/// <summary>Several generations read as one: the sequences of the second follow those of the first, and so on.</summary>
/// <param name="parts">The generations; owned.</param>
internal sealed class CombinedGeneration(IReadOnlyList<Generation> parts) : IGeneration
{
    private readonly Channel<SequenceEvent> _merged = Channel.CreateUnbounded<SequenceEvent>(new UnboundedChannelOptions { SingleReader = true });
    private Task? _reading;

    /// <summary>The generations, in order.</summary>
    public IReadOnlyList<Generation> Parts => parts;

    /// <inheritdoc/>
    public ValueTask<bool> WaitAsync()
    {
        if (parts.Count == 1)
            return parts[0].WaitAsync();
        _reading ??= ReadAllAsync();
        return _merged.Reader.WaitToReadAsync(CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Read(EventBatch batch)
    {
        if (parts.Count == 1)
        {
            parts[0].Read(batch);
            return;
        }
        while (!batch.IsFull && _merged.Reader.TryRead(out SequenceEvent item))
            batch.Add(in item);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Generation part in parts)
            await part.DisposeAsync();
    }

    private async Task ReadAllAsync()
    {
        try
        {
            int first = 0;
            var readers = new List<Task>();
            foreach (Generation part in parts)
            {
                readers.Add(ReadOneAsync(part, first));
                first += part.Sequences.Length;
            }
            await Task.WhenAll(readers);
            _merged.Writer.TryComplete();
        }
        catch (Exception exception)
        {
            // Handed to the one reader, who throws it.
            _merged.Writer.TryComplete(exception);
        }
    }

    private async Task ReadOneAsync(Generation part, int first)
    {
        var batch = new EventBatch();
        while (await part.WaitAsync())
        {
            part.Read(batch);
            foreach (SequenceEvent item in batch.Take())
                _merged.Writer.TryWrite(item with { Index = first + item.Index });
        }
    }
}
