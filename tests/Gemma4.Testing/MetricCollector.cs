using System.Diagnostics.Metrics;

namespace Gemma4.Testing;

/// <summary>Collects the measurements of one instrument of one meter factory.</summary>
internal sealed class MetricCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(double Value, string Tags)> _measurements = [];

    /// <summary>Starts to listen.</summary>
    public MetricCollector(IMeterFactory scope, string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument && published.Meter.Scope == scope)
                listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<double>((_, value, tags, _) => Add(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Add(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, _) => Add(value, tags));
        _listener.Start();
    }

    /// <summary>All so far; asks observable instruments first.</summary>
    public (double Value, string Tags)[] Measurements
    {
        get
        {
            _listener.RecordObservableInstruments();
            lock (_lock)
                return [.. _measurements];
        }
    }

    /// <summary>Sum of all so far.</summary>
    public double Sum => Measurements.Sum(m => m.Value);

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string text = string.Join(",", tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
        lock (_lock)
            _measurements.Add((value, text));
    }
}
