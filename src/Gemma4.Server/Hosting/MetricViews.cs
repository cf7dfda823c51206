using System.Diagnostics.Metrics;
using Gemma4.Engine;
using OpenTelemetry.Metrics;

namespace Gemma4.Server.Hosting;

/// <summary>What of the instruments that others made is shown, and how.</summary>
internal static class MetricViews
{
    /// <summary>Those of .NET that say why a server is slow. Of the others some count up and down and call themselves counters.</summary>
    private static readonly string[] Runtime =
    [
        "dotnet.exceptions", "dotnet.gc.collections", "dotnet.gc.heap.total_allocated", "dotnet.gc.last_collection.memory.committed_size",
        "dotnet.gc.pause.time", "dotnet.monitor.lock_contentions",
    ];

    /// <summary>The view of an instrument; null shows it as it is.</summary>
    /// <param name="instrument">Any that a listener of its meter's name hears.</param>
    /// <param name="own">Makes this server's meters: there may be several servers in a process.</param>
    public static MetricStreamConfiguration? Of(Instrument instrument, IMeterFactory own)
    {
        if (instrument.Meter.Scope is { } scope && scope != own)
            return MetricStreamConfiguration.Drop;
        if (instrument.Meter.Name == "System.Runtime" && !Runtime.Contains(instrument.Name, StringComparer.Ordinal))
            return MetricStreamConfiguration.Drop;
        return instrument.Name switch
        {
            "http.server.request.duration" => new ExplicitBucketHistogramConfiguration
            {
                Boundaries = [.. DurationBuckets.Seconds.HistogramBucketBoundaries!],
                TagKeys = ["http.request.method", "http.response.status_code", "http.route", "error.type"],
            },
            "http.server.active_requests" => new MetricStreamConfiguration { TagKeys = ["http.request.method"] },
            // Prometheus takes a name that ends in _count for part of a histogram.
            "process.thread.count" => new MetricStreamConfiguration { Name = "process.threads" },
            "process.unix.file_descriptor.count" => new MetricStreamConfiguration { Name = "process.open_file_descriptors" },
            _ => null,
        };
    }
}
