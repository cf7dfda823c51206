using Gemma4.Server.Hosting;
using Gemma4.Server.Serving;
using Gemma4.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>The real server with the demo model, listening on a port of its own.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    private readonly WebApplication _app;

    /// <summary>With options that suit most tests.</summary>
    public DemoServer()
        : this([])
    {
    }

    /// <summary>With further switches.</summary>
    internal DemoServer(string[] switches) => _app = ServerApp.Build(
        ["--port", "0", "--data", "memory", "--model", RepositoryPaths.DemoModel, "--Serilog:MinimumLevel:Default", "Error", .. switches]);

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First();

    /// <summary>A client of it; the caller disposes it.</summary>
    public HttpClient Client() => new() { BaseAddress = new Uri(Url) };

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync(TestContext.Current.CancellationToken);
        ModelHost host = _app.Services.GetRequiredService<ModelHost>();
        while (host.Loaded is null)
        {
            Assert.Null(host.Failure);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
