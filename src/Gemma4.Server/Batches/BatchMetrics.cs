using System.Diagnostics.Metrics;
using Gemma4.Server.Metrics;

namespace Gemma4.Server.Batches;

/// <summary>What becomes of batches here.</summary>
internal sealed class BatchMetrics
{
    private readonly Counter<long> _lines;
    private int _numRunning;

    public BatchMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(GenerationMetrics.MeterName);
        _lines = meter.CreateCounter<long>("gemma4.batch.lines", "{line}", "Lines of batches that were answered, by outcome.");
        foreach (bool isGood in (bool[])[true, false])
            CountLines(0, isGood);
        meter.CreateObservableGauge("gemma4.batch.running", () => Volatile.Read(ref _numRunning), "{batch}", "Batches that this server answers now.");
    }

    /// <summary>Counts lines whose answers are written.</summary>
    public void CountLines(int number, bool isGood) => _lines.Add(number, KeyValuePair.Create<string, object?>("outcome", isGood ? "completed" : "failed"));

    /// <summary>A batch is begun.</summary>
    public void Begin() => Interlocked.Increment(ref _numRunning);

    /// <summary>A batch is ended, or given back.</summary>
    public void End() => Interlocked.Decrement(ref _numRunning);
}
