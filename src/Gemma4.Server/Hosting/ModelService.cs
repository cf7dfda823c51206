using System.Diagnostics;
using Gemma4.Engine.Configuration;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Hosting;

/// <summary>Loads the model while the server already listens, and lets its requests end at shutdown.</summary>
/// <remarks>Listening first lets a watchdog tell loading from dead: until then health and the API answer 503 with <c>retry-after</c>.</remarks>
internal sealed class ModelService(
    IModelSource source,
    ModelHost host,
    ModelNames names,
    IOptions<ModelOptions> model,
    IOptions<ServerOptions> server,
    IHostApplicationLifetime lifetime,
    ILogger<ModelService> log) : IHostedService
{
    // Not disposed: it has no timer, and the host may stop a service after disposing it.
    private readonly CancellationTokenSource _stopping = new();
    private Task _loading = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loading = Task.Run(LoadAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _loading;
        if (host.Loaded is not { } loaded)
            return;
        log.Draining(server.Value.DrainSeconds);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(server.Value.DrainSeconds));
        await loaded.Engine.DrainAsync(deadline.Token);
        if (loaded.Engine is IAsyncDisposable engine)
            await engine.DisposeAsync();
    }

    private async Task LoadAsync()
    {
        long began = Stopwatch.GetTimestamp();
        log.Loading(model.Value.Path);
        try
        {
            using var bar = new ProgressBar(host);
            LoadedModel loaded = await source.LoadAsync(bar, _stopping.Token);
            host.Serve(loaded);
            log.Loaded(
                model.Value.Path, Stopwatch.GetElapsedTime(began).TotalSeconds, string.Join(", ", names.All),
                loaded.MaxContextLength, loaded.Engine.Info.KvCapacityTokens, loaded.Engine.Info.MaxSequences);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            host.Fail("the server is stopping");
        }
        catch (Exception exception)
        {
            host.Fail(exception.Message);
            bool isExpected = exception is OptionsException or IOException or InvalidDataException or CheckpointException or ArgumentException;
            log.LoadFailed(isExpected ? null : exception, model.Value.Path, exception.Message);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }
}
