using System.Runtime.CompilerServices;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>A response that is made while no client has to wait for it: how far it is, and its events, which any number of clients may read. Thread-safe.</summary>
/// <param name="queued">The response before it is begun.</param>
internal sealed class BackgroundResponse(ResponseObject queued)
{
    /// <summary>About what an event holds beside its text.</summary>
    private const int BytesOfEvent = 256;

    private readonly Lock _lock = new();
    private readonly List<ResponseStreamEvent> _events = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Not disposed: it has no timer, and clients may cancel to the end.
    private readonly CancellationTokenSource _cancel = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ResponseObject _response = queued;

    /// <summary>The response so far: its status, and at the end its output.</summary>
    public ResponseObject Response
    {
        get
        {
            lock (_lock)
                return _response;
        }
    }

    /// <summary>Whether nothing more comes of it.</summary>
    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Cancelled when a client has cancelled it.</summary>
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>Estimate of the bytes that its events hold.</summary>
    public long Size
    {
        get
        {
            lock (_lock)
                return _events.Sum(e => BytesOfEvent + (2L * ((e.Delta?.Length ?? 0) + (e.Text?.Length ?? 0) + (e.Arguments?.Length ?? 0))));
        }
    }

    /// <summary>Adds an event; one that holds the response says how far it is.</summary>
    public void Add(ResponseStreamEvent next)
    {
        TaskCompletionSource more;
        lock (_lock)
        {
            _events.Add(next);
            _response = next.Response ?? _response;
            (more, _more) = (_more, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        more.SetResult();
    }

    /// <summary>Says that the last event was added.</summary>
    public void End()
    {
        _ended.SetResult();
        lock (_lock)
            _more.SetResult();
    }

    /// <summary>Ends the work, if it has not ended.</summary>
    /// <returns>Completes when it has ended.</returns>
    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        await _cancel.CancelAsync();
        await _ended.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The events behind a sequence number, those to come included.</summary>
    /// <param name="after">The sequence number; -1 for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ResponseStreamEvent> ReadAsync(int after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long i = after + 1L; await EventAsync(i, cancellationToken) is { } next; i++)
            yield return next;
    }

    /// <summary>The event of this number, once it is there; null when there will be none.</summary>
    private async Task<ResponseStreamEvent?> EventAsync(long number, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Asked first: what was added before the end is found below.
            bool hasEnded = HasEnded;
            Task more;
            lock (_lock)
            {
                if (number < _events.Count)
                    return _events[(int)number];
                more = _more.Task;
            }
            if (hasEnded)
                return null;
            await more.WaitAsync(cancellationToken);
        }
    }
}
