using System.Threading.Channels;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine;

/// <summary>One request's token events, in order within each sequence. Disposing it aborts what has not ended.</summary>
/// <remarks>
/// The engine never waits for a reader. Events wait in memory until they are read or the stream is disposed: at most
/// one event a generated token and a few a prompt chunk, so <c>n * max_tokens</c> bounds what a client that never reads can cost.
/// </remarks>
public sealed class GenerationStream : IAsyncDisposable
{
    private readonly Channel<TokenEvent> _events = Channel.CreateUnbounded<TokenEvent>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    private readonly Action<int> _abort;
    private readonly bool[] _ended;
    private int _numRunning;
    private int _disposed;

    /// <summary>A stream of sequences yet to start.</summary>
    /// <param name="numSequences">Sequences that will end.</param>
    /// <param name="abort">Asks the engine to end the sequence of this index; must not block and must bear being called twice.</param>
    internal GenerationStream(int numSequences, Action<int> abort)
    {
        _abort = abort;
        _ended = new bool[numSequences];
        _numRunning = numSequences;
    }

    /// <summary>Number of sequences, each of which ends with exactly one event that has a <see cref="TokenEvent.FinishReason"/>.</summary>
    public int NumSequences => _ended.Length;

    /// <summary>Reads the events until every sequence has ended. One reader at a time.</summary>
    /// <param name="cancellationToken">Stops the reading, not the generation: dispose the stream for that.</param>
    public IAsyncEnumerable<TokenEvent> ReadAllAsync(CancellationToken cancellationToken = default) => _events.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Waits for events; allocates nothing. One reader at a time, which may give up the wait only with the stream.</summary>
    /// <returns>False once every sequence has ended and all events were read.</returns>
    public ValueTask<bool> WaitToReadAsync() => _events.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Reads an event that is there.</summary>
    public bool TryRead(out TokenEvent e) => _events.Reader.TryRead(out e);

    /// <summary>Asks for the end of one sequence; its last event says <see cref="FinishReason.Aborted"/> unless it ended before.</summary>
    /// <param name="sequenceIndex">From 0.</param>
    public void Abort(int sequenceIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequenceIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequenceIndex, NumSequences);
        if (!Volatile.Read(ref _ended[sequenceIndex]))
            _abort(sequenceIndex);
    }

    /// <summary>Aborts every sequence that has not ended. The engine stops working on them at its next step.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            for (int i = 0; i < NumSequences; i++)
                Abort(i);
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Hands an event to the reader without ever waiting. Engine thread.</summary>
    internal void Publish(in TokenEvent e)
    {
        if (Volatile.Read(ref _disposed) == 0)
            _events.Writer.TryWrite(e);
        if (e.FinishReason is null || _ended[e.SequenceIndex])
            return;
        Volatile.Write(ref _ended[e.SequenceIndex], true);
        if (--_numRunning == 0)
            _events.Writer.TryComplete();
    }
}
