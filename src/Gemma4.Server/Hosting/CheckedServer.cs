using Gemma4.Conformance;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>A server in this process for <c>conformance</c> and <c>chat</c>.</summary>
internal sealed class CheckedServer : ICheckedServer
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly WebApplication _app;
    private readonly ModelHost _host;

    private CheckedServer(WebApplication app) => (_app, _host) = (app, app.Services.GetRequiredService<ModelHost>());

    /// <inheritdoc/>
    public Uri Address => new(_app.Urls.First());

    /// <inheritdoc/>
    public string Model => _app.Services.GetRequiredService<ModelNames>().Primary;

    /// <inheritdoc/>
    public string? Failure => _host.Failure;

    /// <summary>Starts it and waits until its model is loaded, or cannot be.</summary>
    /// <exception cref="Settings.OptionsException">A setting is wrong.</exception>
    public static Task<ICheckedServer> StartAsync(IReadOnlyList<string> args, CancellationToken cancellationToken) => StartAsync(args, null, cancellationToken);

    /// <summary>The same, with services of the caller's in the place of the usual ones.</summary>
    /// <exception cref="Settings.OptionsException">A setting is wrong.</exception>
    public static async Task<ICheckedServer> StartAsync(IReadOnlyList<string> args, Action<IServiceCollection>? replace, CancellationToken cancellationToken)
    {
        var server = new CheckedServer(ServerApp.Build(["--data", StorageOptions.Memory, .. args], replace));
        await server._app.StartAsync(cancellationToken);
        while (server._host.Loaded is null && server._host.Failure is null)
            await Task.Delay(Pause, cancellationToken);
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
