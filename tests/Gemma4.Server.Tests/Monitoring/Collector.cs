using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gemma4.Server.Tests.Monitoring;

/// <summary>Takes what OTLP exporters send over HTTP and keeps it as it is.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = [];
    private readonly WebApplication _app;

    private Collector()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            _received.Enqueue((context.Request.Path, body.ToArray()));
            context.Response.StatusCode = StatusCodes.Status200OK;
        });
    }

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Starts one.</summary>
    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>All that came to a path, end to end.</summary>
    public byte[] Received(string path) => [.. _received.Where(r => r.Path == path).SelectMany(r => r.Body)];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
