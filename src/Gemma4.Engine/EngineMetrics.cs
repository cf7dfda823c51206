using System.Diagnostics.Metrics;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>The engine's instruments, under the meter <see cref="MeterName"/>. Recorded on the engine's thread, where tokens leave it.</summary>
/// <remarks>docs/operations.md explains each. What a request meant to its caller (route, why it ended) the server counts.</remarks>
internal sealed class EngineMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Gemma4.Engine";

    private static readonly InstrumentAdvice<int> Tokens = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
    };

    private readonly Histogram<double> _queueDuration;
    private readonly Histogram<double> _promptDuration;
    private readonly Histogram<double> _tokenInterval;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<int> _stepTokens;
    private readonly Counter<double> _encoderTime;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _outputTokens;
    private readonly Counter<long> _stepFailures;
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
        _queueDuration = meter.CreateHistogram("gemma4.queue.duration", "s", "Time that a request waited for its first step.", advice: DurationBuckets.Seconds);
        _promptDuration = meter.CreateHistogram("gemma4.prompt.duration", "s", "Time from a request's first step to its first token.", advice: DurationBuckets.Seconds);
        _tokenInterval = meter.CreateHistogram("gemma4.token.interval", "s", "Time between two tokens of a sequence.", advice: DurationBuckets.Seconds);
        _stepDuration = meter.CreateHistogram("gemma4.step.duration", "s", "Time of one step.", advice: DurationBuckets.Seconds);
        _stepTokens = meter.CreateHistogram("gemma4.step.tokens", "{token}", "Tokens computed in one step.", advice: Tokens);
        _encoderTime = meter.CreateCounter<double>("gemma4.encoder.time", "s", "Time that steps worked on images and audio clips.");
        _promptTokens = meter.CreateCounter<long>("gemma4.tokens.prompt", "{token}", "Prompt tokens of requests that left the queue to run.");
        _outputTokens = meter.CreateCounter<long>("gemma4.tokens.output", "{token}", "Generated tokens.");
        _stepFailures = meter.CreateCounter<long>("gemma4.step.failures", "{step}", "Steps that failed and ended their sequences.");
        _preemptions = meter.CreateCounter<long>("gemma4.scheduler.preemptions", "{preemption}", "Sequences that gave their blocks back to go on later.");
        _prefixQueries = meter.CreateCounter<long>("gemma4.prefix_cache.queries", "{token}", "Prompt tokens looked up in the prefix cache.");
        _prefixHits = meter.CreateCounter<long>("gemma4.prefix_cache.hits", "{token}", "Prompt tokens found in the prefix cache.");
        // A series begins at 0: the first event of a series that begins with it is no increase.
        foreach (Counter<long> counter in (Counter<long>[])[_promptTokens, _outputTokens, _stepFailures, _preemptions, _prefixQueries, _prefixHits])
            counter.Add(0);
        _encoderTime.Add(0);
        meter.CreateObservableGauge("gemma4.requests.queued", () => gate.NumQueued, "{request}", "Requests that no step has taken up yet.");
        meter.CreateObservableGauge("gemma4.requests.running", () => gate.NumRunning, "{request}", "Requests that a step has taken up and that have not ended.");
        meter.CreateObservableGauge("gemma4.scheduler.sequences", ObserveSequences, "{sequence}", "Sequences by state.");
        meter.CreateObservableGauge("gemma4.kv_cache.usage", () => Volatile.Read(ref _snapshot).KvUsage, "1", "Share of held blocks in the fullest pool.");
        KeyValuePair<string, object?>[] sizes = [new("block_size", $"{cache.Plan.BlockSize}"), new("num_gpu_blocks", $"{cache.Plan.NumBlocks.Max()}")];
        meter.CreateObservableGauge("gemma4.kv_cache.info", () => new Measurement<int>(1, sizes), null, "Positions in a block, and blocks of the largest pool; always 1.");
    }

    /// <summary>Records one step and what the scheduler counted since the last.</summary>
    public void RecordStep(TimeSpan duration, StepPlan plan, in StepResult result, Scheduler scheduler)
    {
        _stepDuration.Record(duration.TotalSeconds);
        _stepTokens.Record(plan.NumTokens);
        if (plan.Awaited.Length > 0)
            _encoderTime.Add((duration - result.TextTime).TotalSeconds);
        RecordState(scheduler);
    }

    /// <summary>Records a step that failed.</summary>
    public void RecordStepFailure() => _stepFailures.Add(1);

    /// <summary>Records who runs and waits now, and what the scheduler has counted.</summary>
    public void RecordState(Scheduler scheduler)
    {
        AddSince(_preemptions, scheduler.NumPreemptions, ref _preemptionsSeen);
        AddSince(_prefixQueries, scheduler.NumPrefixQueries, ref _prefixQueriesSeen);
        AddSince(_prefixHits, scheduler.NumPrefixHits, ref _prefixHitsSeen);
        double usage = _cache.Usage;
        Snapshot seen = _snapshot;
        if (seen.NumRunning != scheduler.NumRunning || seen.NumWaiting != scheduler.NumWaiting || seen.KvUsage != usage)
            Volatile.Write(ref _snapshot, new Snapshot(scheduler.NumRunning, scheduler.NumWaiting, usage));
    }

    /// <summary>Records that a request leaves the queue for its first step.</summary>
    /// <param name="queued">How long it waited; null where nobody waits for it.</param>
    /// <param name="numPromptTokens">Tokens of its prompt.</param>
    public void RecordStart(TimeSpan? queued, int numPromptTokens)
    {
        Record(_queueDuration, queued);
        _promptTokens.Add(numPromptTokens);
    }

    /// <summary>Records a sequence's first token.</summary>
    /// <param name="sinceStart">Since the request left the queue; null where nobody waits for it.</param>
    public void RecordFirstToken(TimeSpan? sinceStart)
    {
        _outputTokens.Add(1);
        Record(_promptDuration, sinceStart);
    }

    /// <summary>Records a further token of a sequence.</summary>
    /// <param name="sinceLast">Since the one before; null where nobody waits for it.</param>
    public void RecordNextToken(TimeSpan? sinceLast)
    {
        _outputTokens.Add(1);
        Record(_tokenInterval, sinceLast);
    }

    private static void Record(Histogram<double> histogram, TimeSpan? duration)
    {
        if (duration is { } known)
            histogram.Record(known.TotalSeconds);
    }

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
