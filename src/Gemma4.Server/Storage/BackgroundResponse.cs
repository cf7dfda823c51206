using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>A response that this server makes while no client has to wait for it: how far it is, and its events, which any number of clients may read. Thread-safe.</summary>
/// <param name="queued">The response before it is begun.</param>
internal sealed class BackgroundResponse(ResponseObject queued)
{
    /// <summary>Events that are told before the model has said anything: created, queued, in progress.</summary>
    public const int NumOpeningEvents = 3;

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

    /// <summary>Whether the model has said anything.</summary>
    public bool HasOutput
    {
        get
        {
            lock (_lock)
                return _events.Count > NumOpeningEvents;
        }
    }

    /// <summary>Whether nothing more comes of it.</summary>
    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Whether others make it now, or nobody: what is made here counts no more, and nothing is to be said of it.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Cancelled when the work is to end: a client has cancelled it, or it is lost.</summary>
    public CancellationToken Ends => _cancel.Token;

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

    /// <summary>Asks for the end of the work, if it has not ended.</summary>
    public Task CancelAsync() => _cancel.CancelAsync();

    /// <summary>Ends the work without a word: another server makes the response, or it was deleted.</summary>
    public Task LoseAsync()
    {
        IsLost = true;
        return _cancel.CancelAsync();
    }

    /// <summary>Ends the work, if it has not ended.</summary>
    /// <returns>Completes when it has ended.</returns>
    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        await _cancel.CancelAsync();
        await _ended.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Waits until there is an event of this sequence number.</summary>
    /// <returns>False when there will be none.</returns>
    public async ValueTask<bool> WaitAsync(int number)
    {
        while (true)
        {
            // In this order: the last event is added before the end is said.
            bool hasEnded = HasEnded;
            Task more;
            lock (_lock)
            {
                if (number < _events.Count)
                    return true;
                more = _more.Task;
            }
            if (hasEnded)
                return false;
            await more;
        }
    }

    /// <summary>The events so far from this sequence number on.</summary>
    /// <param name="number">The first one's.</param>
    /// <param name="atMost">Most events.</param>
    public ResponseStreamEvent[] From(int number, int atMost)
    {
        lock (_lock)
            return [.. _events.Skip(number).Take(atMost)];
    }
}
