using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gemma4.ServerBenchmark;

/// <summary>A collector that takes whatever it is sent by OTLP over HTTP and keeps nothing. A process of its own, so that its time is not the server's.</summary>
internal static class CollectorSink
{
    /// <summary>Writes where spans go, and listens until killed.</summary>
    public static async Task RunAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Run(async context => await context.Request.Body.CopyToAsync(Stream.Null));
        await app.StartAsync();
        Console.WriteLine($"{app.Urls.First()}/v1/traces");
        await Task.Delay(Timeout.Infinite);
    }
}
