using Prometheus;

namespace Gemma4.Server.Hosting;

/// <summary>Registers and maps <see cref="ServerMetrics"/>.</summary>
internal static class ServerMetricsSetup
{
    public static void AddServerMetrics(this IServiceCollection services) => services.AddSingleton<ServerMetrics>();

    public static void MapServerMetrics(this WebApplication app)
    {
        // Made here, before the first request, so that nothing goes uncounted.
        ServerMetrics metrics = app.Services.GetRequiredService<ServerMetrics>();
        app.MapMetrics(settings => settings.Registry = metrics.Registry).ExcludeFromDescription();
    }
}
