using System.Diagnostics.Metrics;
using Prometheus;

namespace Gemma4.Server.Hosting;

/// <summary>The engine's and the parser's instruments as Prometheus text at <c>/metrics</c>.</summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>Meters that are shown; the last counts and times HTTP requests.</summary>
    private static readonly string[] Meters = ["Gemma4.Engine", "Gemma4.Parsing", Limits.KeyMetrics.MeterName, "Microsoft.AspNetCore.Hosting"];

    private readonly IDisposable _listening;

    public ServerMetrics()
    {
        Registry = Prometheus.Metrics.NewCustomRegistry();
        _listening = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            Registry = Registry,
            MetricFactory = Prometheus.Metrics.WithCustomRegistry(Registry),
            InstrumentFilterPredicate = instrument => Meters.Contains(instrument.Meter.Name, StringComparer.Ordinal),
            ResolveHistogramBuckets = Buckets,
        });
    }

    /// <summary>What <c>/metrics</c> shows.</summary>
    public CollectorRegistry Registry { get; }

    public void Dispose() => _listening.Dispose();

    /// <summary>Times double from 1 ms to 65 s, as Microsoft.Extensions.AI has it; counts double from 1.</summary>
    private static double[] Buckets(Instrument instrument) => Histogram.ExponentialBuckets(instrument.Unit == "s" ? 0.001 : 1, 2, 17);
}
