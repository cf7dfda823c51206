using System.Runtime.CompilerServices;

namespace Gemma4.Server.Streaming;

/// <summary>Reads a stream of events in batches: all that is there, or none when nothing came for a while.</summary>
/// <remarks>A client that reads slowly finds what gathered meanwhile in one batch, which formats merge into one delta; so it catches
/// up, and the engine, which never waits, does not notice.</remarks>
internal static class EventBatches
{
    /// <summary>Most events of one batch, so that a frame stays small.</summary>
    private const int MaxBatch = 512;

    /// <param name="events">The stream.</param>
    /// <param name="heartbeat">Silence that is answered with an empty batch.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async IAsyncEnumerable<IReadOnlyList<T>> ReadAsync<T>(
        IAsyncEnumerable<T> events, TimeSpan heartbeat, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<T> reader = events.GetAsyncEnumerator(reading.Token);
        Task<bool> next = reader.MoveNextAsync().AsTask();
        try
        {
            var batch = new List<T>();
            while (true)
            {
                if (!next.IsCompleted && !await ArrivesWithinAsync(next, heartbeat, time, cancellationToken))
                {
                    yield return [];
                    continue;
                }
                bool hasMore = true;
                while (hasMore && next.IsCompleted && batch.Count < MaxBatch)
                {
                    hasMore = await next;
                    if (!hasMore)
                        break;
                    batch.Add(reader.Current);
                    next = reader.MoveNextAsync().AsTask();
                }
                if (batch.Count > 0)
                    yield return batch;
                if (!hasMore)
                    yield break;
                batch = [];
            }
        }
        finally
        {
            // An enumerator may be disposed only when it rests.
            await reading.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await reader.DisposeAsync();
        }
    }

    private static async Task<bool> ArrivesWithinAsync(Task next, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task first = await Task.WhenAny(next, Task.Delay(wait, time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return first == next;
    }
}
