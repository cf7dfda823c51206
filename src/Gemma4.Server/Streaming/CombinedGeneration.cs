using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Gemma4.Server.Streaming;

/// <summary>Several generations read as one: the sequences of the second follow those of the first, and so on.</summary>
/// <param name="parts">The generations; owned.</param>
internal sealed class CombinedGeneration(IReadOnlyList<Generation> parts) : IGeneration
{
    /// <summary>The generations, in order.</summary>
    public IReadOnlyList<Generation> Parts => parts;

    /// <inheritdoc/>
    public async IAsyncEnumerable<SequenceEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (parts.Count == 1)
        {
            await foreach (SequenceEvent item in parts[0].ReadAsync(cancellationToken))
                yield return item;
            yield break;
        }
        Channel<SequenceEvent> merged = Channel.CreateUnbounded<SequenceEvent>(new UnboundedChannelOptions { SingleReader = true });
        Task reading = ReadAllAsync(merged.Writer, cancellationToken);
        await foreach (SequenceEvent item in merged.Reader.ReadAllAsync(cancellationToken))
            yield return item;
        await reading;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Generation part in parts)
            await part.DisposeAsync();
    }

    private async Task ReadAllAsync(ChannelWriter<SequenceEvent> output, CancellationToken cancellationToken)
    {
        try
        {
            int first = 0;
            var readers = new List<Task>();
            foreach (Generation part in parts)
            {
                readers.Add(ReadOneAsync(part, first, output, cancellationToken));
                first += part.Sequences.Length;
            }
            await Task.WhenAll(readers);
            output.TryComplete();
        }
        catch (Exception exception)
        {
            // Handed to the one reader, who throws it.
            output.TryComplete(exception);
        }
    }

    private static async Task ReadOneAsync(Generation part, int first, ChannelWriter<SequenceEvent> output, CancellationToken cancellationToken)
    {
        await foreach (SequenceEvent item in part.ReadAsync(cancellationToken))
            output.TryWrite(item with { Index = first + item.Index });
    }
}
