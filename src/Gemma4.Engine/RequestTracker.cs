using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>Knows which stream a sequence belongs to, hands its events over and measures them as they leave. Engine thread, or the watch in its place.</summary>
internal sealed class RequestTracker(AdmissionGate gate, EngineMetrics metrics, EngineTraces traces, TimeProvider time)
{
    private readonly Dictionary<SequenceId, ActiveRequest> _requests = [];
    private long _lastStart = time.GetTimestamp();

    /// <summary>Follows a request from its queueing on.</summary>
    public void Add(ActiveRequest request)
    {
        foreach (Sequence sequence in request.Sequences)
            _requests.Add(sequence.Id, request);
    }

    /// <summary>Notes that a plan takes requests out of the queue.</summary>
    public void Start(StepPlan plan)
    {
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            ActiveRequest request = _requests[scheduled.Sequence.Id];
            if (request.IsQueued)
                Start(request);
        }
    }

    /// <summary>Notes whose media a step worked on.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="began">Timestamp of its start.</param>
    public void RecordEncoding(StepPlan plan, long began)
    {
        foreach (ref readonly AwaitedMedia awaited in plan.Awaited)
        {
            if (_requests.TryGetValue(awaited.Sequence.Id, out ActiveRequest? request))
            {
                request.EncoderBegan ??= began;
                request.EncoderEnded = time.GetTimestamp();
            }
        }
    }

    /// <summary>Hands an event to the request's reader, without waiting.</summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="e">The event.</param>
    /// <param name="numTokensLeft">See <see cref="SequenceOutput.NumTokensLeft"/>.</param>
    public void Publish(Sequence sequence, in TokenEvent e, int numTokensLeft)
    {
        ActiveRequest request = _requests[sequence.Id];
        if (e.TokenId is not null)
            RecordToken(request, sequence.Index, numTokensLeft);
        if (e.FinishReason is { } reason)
            RecordEnd(request, sequence, reason);
        request.Stream.Publish(in e);
    }

    /// <summary>Ends every sequence with an error.</summary>
    public void EndAll(string error)
    {
        foreach (ActiveRequest request in _requests.Values.Distinct().ToList())
        {
            foreach (Sequence sequence in request.Sequences)
            {
                if (_requests.ContainsKey(sequence.Id))
                    Publish(sequence, SequenceProgress.Ended(sequence, FinishReason.Error, error), numTokensLeft: 0);
            }
        }
    }

    /// <summary>Tokens that come together took the same time each.</summary>
    private void RecordToken(ActiveRequest request, int index, int numTokensLeft)
    {
        long now = time.GetTimestamp();
        ref long last = ref request.LastToken[index];
        if (last == 0)
        {
            metrics.RecordFirstToken(Waited(request, request.Started!.Value, now));
            request.FirstToken ??= now;
            last = now;
            return;
        }
        long next = last + (now - last) / numTokensLeft;
        metrics.RecordNextToken(Waited(request, last, next));
        last = next;
    }

    private void RecordEnd(ActiveRequest request, Sequence sequence, FinishReason reason)
    {
        _requests.Remove(sequence.Id);
        if (--request.NumRunning > 0)
            return;
        if (request.IsQueued)
            LeaveQueue(request, time.GetTimestamp());
        traces.Write(request, reason);
        gate.Leave();
    }

    private void Start(ActiveRequest request)
    {
        long now = time.GetTimestamp();
        request.Started = now;
        metrics.RecordStart(Waited(request, request.Submitted, now), request.Request.PromptTokenIds.Length);
        LeaveQueue(request, now);
    }

    /// <summary>How long somebody waited; null for a batch, which nobody waits for: its pauses would say that the server is slow.</summary>
    private TimeSpan? Waited(ActiveRequest request, long from, long to) => request.Request.IsBatch ? null : time.GetElapsedTime(from, to);

    private void LeaveQueue(ActiveRequest request, long now)
    {
        request.IsQueued = false;
        gate.LeaveQueue(request.Request.IsBatch, time.GetElapsedTime(_lastStart, now));
        _lastStart = now;
    }
}
