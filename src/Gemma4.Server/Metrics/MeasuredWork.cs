using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gemma4.Server.Metrics;

/// <summary>A piece of work from its making to its disposal, recorded then; a failure unless <see cref="Succeed"/> was called.</summary>
/// <param name="histogram">Of its durations.</param>
/// <param name="span">Of its own; null where nobody traces.</param>
/// <param name="label">What kind it is.</param>
/// <param name="time">Measures it.</param>
internal sealed class MeasuredWork(Histogram<double> histogram, Activity? span, KeyValuePair<string, object?> label, TimeProvider time) : IDisposable
{
    private readonly long _began = time.GetTimestamp();
    private bool _isDone;

    /// <summary>It came to what it was to come to.</summary>
    public void Succeed() => _isDone = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        double seconds = time.GetElapsedTime(_began).TotalSeconds;
        if (_isDone)
            histogram.Record(seconds, label);
        else
            histogram.Record(seconds, label, new("error.type", "refused"));
        span?.SetTag(label.Key, label.Value);
        if (!_isDone)
            span?.SetStatus(ActivityStatusCode.Error);
        span?.Dispose();
    }
}
