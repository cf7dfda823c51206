using System.Diagnostics.Metrics;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>The engine's instruments, under the meter <see cref="MeterName"/>. Recorded on the engine's thread, where tokens leave it.</summary>
internal sealed class EngineMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Gemma4.Engine";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timePerOutputToken;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<int> _stepTokens;
    private readonly Counter<double> _encoderTime;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _outputTokens;
    private readonly Counter<long> _preemptions;
    private readonly Counter<long> _prefixQueries;
    private readonly Counter<long> _prefixHits;
    private readonly KvCacheManager _cache;
    private Snapshot _snapshot = new(0, 0, 0);
    private long _preemptionsSeen;
    private long _prefixQueriesSeen;
    private long _prefixHitsSeen;

    /// <summary>Makes the instruments.</summary>
    public EngineMetrics(IMeterFactory meters, KvCacheManager cache, AdmissionGate gate)
    {
        _cache = cache;
        Meter meter = meters.Create(MeterName);
        _requestDuration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "Time from submission to the last token.", advice: Seconds);
        _timeToFirstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "Time from submission to the first token.", advice: Seconds);
        _timePerOutputToken = meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time between tokens of a sequence.", advice: Seconds);
        _stepDuration = meter.CreateHistogram("gemma4.step.duration", "s", "Time of one step.", advice: Seconds);
        _stepTokens = meter.CreateHistogram<int>("gemma4.step.tokens", "{token}", "Tokens computed in one step.");
        _encoderTime = meter.CreateCounter<double>("gemma4.encoder.time", "s", "Time that steps worked on images and audio clips.");
        _requests = meter.CreateCounter<long>("gemma4.requests", "{request}", "Ended requests.");
        _promptTokens = meter.CreateCounter<long>("gemma4.tokens.prompt", "{token}", "Prompt tokens of ended requests.");
        _outputTokens = meter.CreateCounter<long>("gemma4.tokens.output", "{token}", "Generated tokens of ended sequences.");
        _preemptions = meter.CreateCounter<long>("gemma4.scheduler.preemptions", "{preemption}", "Sequences that gave their blocks back to go on later.");
        _prefixQueries = meter.CreateCounter<long>("gemma4.prefix_cache.queries", "{token}", "Prompt tokens looked up in the prefix cache.");
        _prefixHits = meter.CreateCounter<long>("gemma4.prefix_cache.hits", "{token}", "Prompt tokens found in the prefix cache.");
        meter.CreateObservableGauge("gemma4.scheduler.sequences", ObserveSequences, "{sequence}", "Sequences by state.");
        meter.CreateObservableGauge("gemma4.scheduler.queued_requests", () => gate.NumQueued, "{request}", "Requests that no step has taken up yet.");
        meter.CreateObservableGauge("gemma4.kv_cache.usage", () => Volatile.Read(ref _snapshot).KvUsage, "1", "Share of held blocks in the fullest pool.");
    }

    /// <summary>Records one step and what the scheduler counted since the last.</summary>
    public void RecordStep(TimeSpan duration, StepPlan plan, in StepResult result, Scheduler scheduler)
    {
        _stepDuration.Record(duration.TotalSeconds);
        _stepTokens.Record(plan.NumTokens);
        if (plan.Awaited.Length > 0)
            _encoderTime.Add((duration - result.TextTime).TotalSeconds);
        AddSince(_preemptions, scheduler.NumPreemptions, ref _preemptionsSeen);
        AddSince(_prefixQueries, scheduler.NumPrefixQueries, ref _prefixQueriesSeen);
        AddSince(_prefixHits, scheduler.NumPrefixHits, ref _prefixHitsSeen);
        RecordState(scheduler);
    }

    /// <summary>Records who runs and waits now.</summary>
    public void RecordState(Scheduler scheduler) =>
        Volatile.Write(ref _snapshot, new Snapshot(scheduler.NumRunning, scheduler.NumWaiting, _cache.Usage));

    /// <summary>Records a sequence's first token.</summary>
    public void RecordFirstToken(TimeSpan sinceSubmission) => _timeToFirstToken.Record(sinceSubmission.TotalSeconds);

    /// <summary>Records a further token of a sequence.</summary>
    public void RecordNextToken(TimeSpan sinceLast) => _timePerOutputToken.Record(sinceLast.TotalSeconds);

    /// <summary>Records the end of a sequence.</summary>
    public void RecordSequenceEnd(Sequence sequence) => _outputTokens.Add(sequence.NumOutputTokens);

    /// <summary>Records the end of a request.</summary>
    /// <param name="duration">Since its submission.</param>
    /// <param name="request">The request.</param>
    /// <param name="reason">Why its last sequence ended.</param>
    public void RecordRequestEnd(TimeSpan duration, GenerationRequest request, FinishReason reason)
    {
        var tag = new KeyValuePair<string, object?>("finish_reason", NameOf(reason));
        _requestDuration.Record(duration.TotalSeconds, tag);
        _requests.Add(1, tag);
        _promptTokens.Add(request.PromptTokenIds.Length);
    }

    private static string NameOf(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Aborted => "aborted",
        FinishReason.Error => "error",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static void AddSince(Counter<long> counter, long now, ref long seen)
    {
        if (now > seen)
            counter.Add(now - seen);
        seen = now;
    }

    private IEnumerable<Measurement<int>> ObserveSequences()
    {
        Snapshot now = Volatile.Read(ref _snapshot);
        return
        [
            new Measurement<int>(now.NumRunning, new KeyValuePair<string, object?>("state", "running")),
            new Measurement<int>(now.NumWaiting, new KeyValuePair<string, object?>("state", "waiting")),
        ];
    }

    /// <summary>What gauges read from other threads: replaced whole, never changed.</summary>
    private sealed record Snapshot(int NumRunning, int NumWaiting, double KvUsage);
}
