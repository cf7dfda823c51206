using Gemma4.Engine.Requests;

namespace Gemma4.Engine;

/// <summary>Counts requests in and out: bounds the queue, refuses when the engine stops, and says when the last one has ended.</summary>
/// <remarks>Thread-safe. Requests enter on their own tasks; the engine's thread reports what became of them. Requests of batches have a queue of their own
/// with the same bound, so that they keep nobody else out.</remarks>
internal sealed class AdmissionGate(int maxQueued)
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _closedBecause, _heldBecause;
    private int _numQueued;
    private int _numQueuedOfBatches;
    private int _numActive;
    private double _secondsBetweenStarts;

    /// <summary>Interactive requests that no step was planned with yet.</summary>
    public int NumQueued
    {
        get
        {
            lock (_lock)
                return _numQueued;
        }
    }

    /// <summary>Requests that left their queue and have not ended.</summary>
    public int NumRunning
    {
        get
        {
            lock (_lock)
                return _numActive - _numQueued - _numQueuedOfBatches;
        }
    }

    /// <summary>Requests that have not ended.</summary>
    public int NumActive
    {
        get
        {
            lock (_lock)
                return _numActive;
        }
    }

    /// <summary>Throws what <see cref="Enter"/> would throw an interactive request now, and lets nobody in.</summary>
    /// <exception cref="RequestRejectedException">The queue is full or the gate closed.</exception>
    public void Check()
    {
        lock (_lock)
            ThrowIfRefusing(_numQueued);
    }

    /// <summary>Lets a request into its queue.</summary>
    /// <param name="isBatch">Whether it belongs to a batch.</param>
    /// <exception cref="RequestRejectedException">The queue is full or the gate closed.</exception>
    public void Enter(bool isBatch)
    {
        lock (_lock)
        {
            ref int queued = ref isBatch ? ref _numQueuedOfBatches : ref _numQueued;
            ThrowIfRefusing(queued);
            queued++;
            _numActive++;
        }
    }

    /// <summary>Notes that a queued request left its queue, to run or because it ended there.</summary>
    /// <param name="isBatch">Whether it belongs to a batch.</param>
    /// <param name="sinceLastStart">Time since another one left; how fast the queue moves.</param>
    public void LeaveQueue(bool isBatch, TimeSpan sinceLastStart)
    {
        lock (_lock)
        {
            if (isBatch)
                _numQueuedOfBatches--;
            else
                _numQueued--;
            _secondsBetweenStarts += (sinceLastStart.TotalSeconds - _secondsBetweenStarts) / 16;
        }
    }

    /// <summary>Notes that a request ended.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_numActive == 0 && _closedBecause is not null)
                _empty.TrySetResult();
        }
    }

    /// <summary>Refuses all further requests.</summary>
    /// <param name="because">What they are told; the first reason stays.</param>
    /// <returns>Completes when the last request has ended.</returns>
    public Task Close(string because)
    {
        lock (_lock)
        {
            _closedBecause ??= because;
            if (_numActive == 0)
                _empty.TrySetResult();
        }
        return _empty.Task;
    }

    /// <summary>Refuses requests for a while.</summary>
    /// <param name="because">What they are told; null lets them in again.</param>
    public void Hold(string? because)
    {
        lock (_lock)
            _heldBecause = because;
    }

    private void ThrowIfRefusing(int numQueued)
    {
        if ((_closedBecause ?? _heldBecause) is { } reason)
            throw new RequestRejectedException(RejectionReason.Unavailable, reason);
        if (numQueued < maxQueued)
            return;
        double seconds = Math.Clamp(numQueued * _secondsBetweenStarts, ShortestRetry.TotalSeconds, LongestRetry.TotalSeconds);
        throw new RequestRejectedException(
            RejectionReason.QueueFull, $"{numQueued} requests are waiting already, as many as may; try again later.")
        {
            RetryAfter = TimeSpan.FromSeconds(Math.Ceiling(seconds)),
        };
    }
}
