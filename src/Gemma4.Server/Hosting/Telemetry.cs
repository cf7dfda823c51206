using System.Diagnostics.Metrics;
using Gemma4.Engine.Parsing;
using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gemma4.Server.Hosting;

/// <summary>Measurements as Prometheus text at <c>/metrics</c>; they and spans by OTLP too, where the environment names a collector.</summary>
/// <remarks>OpenTelemetry's own environment variables say where to and how: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, <c>OTEL_SERVICE_NAME</c>,
/// <c>OTEL_TRACES_SAMPLER</c> and so on. Without a collector nobody listens to spans, and none are made.</remarks>
internal static class Telemetry
{
    private static readonly string[] Meters =
        ["Gemma4.Engine", ParserMetrics.MeterName, GenerationMetrics.MeterName, KeyMetrics.MeterName, StorageHealth.MeterName, "Microsoft.AspNetCore.Hosting", "System.Runtime", "OpenTelemetry.Instrumentation.Process"];

    /// <summary>Registers instruments and exporters.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton<GenerationMetrics>();
        services.AddSingleton<WorkMetrics>();
        services.AddSingleton<ServerGauges>();
        OpenTelemetry.OpenTelemetryBuilder telemetry = services.AddOpenTelemetry();
        telemetry.ConfigureResource(resource => resource.AddService("gemma4", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString()));
        telemetry.WithMetrics(metrics => metrics
            .AddMeter(Meters).AddProcessInstrumentation()
            .AddPrometheusExporter(prometheus =>
            {
                prometheus.ScopeInfoEnabled = false;
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            }));
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
        {
            IMeterFactory own = provider.GetRequiredService<IMeterFactory>();
            metrics.AddView(instrument => MetricViews.Of(instrument, own));
        });
        if (Exports(builder.Configuration, "METRICS"))
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter());
        if (Exports(builder.Configuration, "TRACES"))
        {
            telemetry.WithTracing(traces => traces
                .AddSource("Gemma4.Engine", WorkMetrics.SourceName)
                .AddAspNetCoreInstrumentation(http => http.Filter = context => !IsWatched(context.Request.Path))
                .AddOtlpExporter());
        }
    }

    /// <summary>Maps <c>/metrics</c>. The last to be mapped: it begins the series of all endpoints before it.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        // Made here, before the first request, so that nothing goes uncounted.
        _ = app.Services.GetRequiredService<MeterProvider>();
        _ = app.Services.GetRequiredService<ServerGauges>();
        GenerationMetrics generations = app.Services.GetRequiredService<GenerationMetrics>();
        foreach (RequestLabels labels in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Select(RequestLabels.Of).OfType<RequestLabels>())
            generations.Announce(labels);
        IEndpointConventionBuilder endpoint = app.MapPrometheusScrapingEndpoint("/metrics").ExcludeFromDescription();
        if (app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.OpenMetrics)
            endpoint.AllowAnonymous();
    }

    private static bool Exports(IConfiguration configuration, string signal) =>
        !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);

    /// <summary>Health and metrics are asked for every few seconds.</summary>
    private static bool IsWatched(PathString path) => path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics");
}
