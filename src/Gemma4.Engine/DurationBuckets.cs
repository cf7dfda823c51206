using System.Diagnostics.Metrics;

namespace Gemma4.Engine;

/// <summary>The buckets of all histograms of durations: one set, so that they can be compared and added.</summary>
public static class DurationBuckets
{
    /// <summary>From 1 ms, a token of the demo model, to 10 minutes, a long answer of a 31B on a CPU.</summary>
    public static InstrumentAdvice<double> Seconds { get; } = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
    };
}
