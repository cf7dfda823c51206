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

    /// <summary>Begins the preparation of a medium.</summary>
    /// <param name="kind"><c>image</c>, <c>audio</c> or <c>video</c>.</param>
    /// <returns>Disposed at the end.</returns>
    public MeasuredWork Media(string kind) => new(_media, Source.StartActivity("media"), new("media", kind), _time);

    /// <summary>Begins the compilation of a constraint.</summary>
    /// <param name="format">What it is written in.</param>
    /// <returns>Disposed at the end.</returns>
    public MeasuredWork Constraint(string format) => new(_constraints, Source.StartActivity("constraint"), new("format", format), _time);

    /// <summary>Counts a constraint that need not be compiled.</summary>
    public void CountKnownConstraint() => _knownConstraints.Add(1);
}
