using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gemma4.Engine;

namespace Gemma4.Server.Metrics;

/// <summary>What is done for a request before the engine has it: media and constraints, each measured and, where somebody traces, a span.</summary>
internal sealed class WorkMetrics
{
    /// <summary>The name of the server's spans.</summary>
    public const string SourceName = "Gemma4.Server";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly Histogram<double> _media;
    private readonly Histogram<double> _constraints;
    private readonly Counter<long> _knownConstraints;
    private readonly TimeProvider _time;

    public WorkMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        Meter meter = meters.Create(GenerationMetrics.MeterName);
        _media = meter.CreateHistogram(
            "gemma4.media.preparation.duration", "s", "Time to fetch, decode and cut an image, audio clip or video.", advice: DurationBuckets.Seconds);
        _constraints = meter.CreateHistogram(
            "gemma4.constraint.compile.duration", "s", "Time to compile a schema, grammar or pattern, the wait for a thread included.", advice: DurationBuckets.Seconds);
        _knownConstraints = meter.CreateCounter<long>("gemma4.constraint.reuses", "{constraint}", "Constraints that were compiled before and kept.");
        _knownConstraints.Add(0);
    }

    /// <summary>Prepares a medium.</summary>
    /// <param name="kind"><c>image</c>, <c>audio</c> or <c>video</c>.</param>
    /// <param name="prepare">The work.</param>
    public Task<T> MediaAsync<T>(string kind, Func<Task<T>> prepare) => MeasureAsync(_media, "media", new("media", kind), prepare);

    /// <summary>Compiles a constraint.</summary>
    /// <param name="format">What it is written in.</param>
    /// <param name="compile">The work.</param>
    public Task<T> ConstraintAsync<T>(string format, Func<Task<T>> compile) => MeasureAsync(_constraints, "constraint", new("format", format), compile);

    /// <summary>Counts a constraint that need not be compiled.</summary>
    public void CountKnownConstraint() => _knownConstraints.Add(1);

    private async Task<T> MeasureAsync<T>(Histogram<double> histogram, string name, KeyValuePair<string, object?> label, Func<Task<T>> work)
    {
        using Activity? span = Source.StartActivity(name);
        span?.SetTag(label.Key, label.Value);
        long began = _time.GetTimestamp();
        bool isDone = false;
        try
        {
            T result = await work();
            isDone = true;
            return result;
        }
        finally
        {
            double seconds = _time.GetElapsedTime(began).TotalSeconds;
            if (isDone)
                histogram.Record(seconds, label);
            else
                histogram.Record(seconds, label, new("error.type", "refused"));
            if (!isDone)
                span?.SetStatus(ActivityStatusCode.Error);
        }
    }
}
