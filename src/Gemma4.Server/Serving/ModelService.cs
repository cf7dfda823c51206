using System.Diagnostics;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Serving;

/// <summary>Loads the model while the server already listens, and lets its requests end at shutdown.</summary>
/// <remarks>Listening first lets a watchdog tell loading from dead: until then health and the API answer 503 with <c>retry-after</c>.</remarks>
internal sealed class ModelService(
    IModelSource source,
    ModelHost host,
    ModelNames names,
    Drain drain,
    IServer web,
    IOptions<ModelOptions> model,
    IOptions<ServerOptions> server,
    SettingsFiles settings,
    IHostApplicationLifetime lifetime,
    ILogger<ModelService> log) : IHostedLifecycleService
{
    /// <summary>Most time that stopping takes beside <see cref="ServerOptions.DrainSeconds"/>.</summary>
    public static readonly TimeSpan MaxStopTime = TimeSpan.FromSeconds(15);

    /// <summary>Loading that is given up ends after the tensor it is at.</summary>
    private static readonly TimeSpan MaxUnloadTime = TimeSpan.FromSeconds(3);

    /// <summary>What requests have to send the error that ends them.</summary>
    private static readonly TimeSpan MaxFarewellTime = TimeSpan.FromSeconds(2);

    // Not disposed: it has no timer, and the host may stop a service after disposing it.
    private readonly CancellationTokenSource _stopping = new();
    private Task _loading = Task.CompletedTask;

    /// <summary>Loads once the server listens: a port that is taken costs no loading, and a model that fails at once does not cut the start.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _loading = Task.Run(LoadAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets requests end, and ends those that last too long; the web server stops after this.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        await _stopping.CancelAsync();
        if (host.Loaded is { } loaded)
            await DrainAsync(loaded, cancellationToken);
        else if (!await EndsWithinAsync(_loading, MaxUnloadTime, cancellationToken))
            Abandon("load the model");
        drain.EndAll();
        await drain.WaitAsync(MaxFarewellTime, cancellationToken);
    }

    /// <summary>Ends the engine's thread.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (host.Loaded?.Engine is IAsyncDisposable engine && !await EndsWithinAsync(engine.DisposeAsync().AsTask(), MaxStopTime, cancellationToken))
            Abandon("compute");
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>First the requests' own time, in which even those that are still on their way to the engine are served; then an end for all.</summary>
    private async Task DrainAsync(LoadedModel loaded, CancellationToken cancellationToken)
    {
        log.Draining(server.Value.DrainSeconds);
        await drain.WaitAsync(TimeSpan.FromSeconds(server.Value.DrainSeconds), cancellationToken);
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await EndsWithinAsync(loaded.Engine.DrainAsync(now.Token), MaxFarewellTime, cancellationToken);
        await drain.WaitAsync(MaxFarewellTime, cancellationToken);
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan time, CancellationToken cancellationToken)
    {
        await Task.WhenAny(task, Task.Delay(time, cancellationToken));
        return task.IsCompleted;
    }

    private void Abandon(string work)
    {
        log.Abandoned(work);
        host.IsAbandoned = true;
    }

    private async Task LoadAsync()
    {
        long began = Stopwatch.GetTimestamp();
        string[] addresses = [.. web.Features.Get<IServerAddressesFeature>()?.Addresses ?? []];
        log.Listening(string.Join(", ", addresses));
        log.Settings(string.Join(", ", settings.Paths.DefaultIfEmpty("no file")));
        log.Loading(model.Value.Path);
        try
        {
            using var bar = new ProgressBar(host);
            LoadedModel loaded = await source.LoadAsync(bar, _stopping.Token);
            host.Serve(loaded);
            log.Loaded(
                model.Value.Path, Stopwatch.GetElapsedTime(began).TotalSeconds, string.Join(", ", names.All),
                loaded.MaxContextLength, loaded.Engine.Info.KvCapacityTokens, loaded.Engine.Info.MaxSequences);
            if (addresses.Length > 0)
                LogReady(ListenAddress.Reachable(addresses[0]));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Given up; there is nothing to end.
        }
        catch (Exception exception)
        {
            string reason = Reason(exception);
            host.Fail(reason);
            log.LoadFailed(model.Value.Path, reason);
            log.LoadFailedAt(exception);
            lifetime.StopApplication();
        }
    }

    /// <summary>Where to go now: the last line of a start.</summary>
    private void LogReady(string address) => log.Ready(server.Value.NoPage ? "off" : $"{address}/", $"{address}/v1", $"{address}/swagger");

    /// <summary>The message alone; where it was not written for a reader, its first line behind the kind of failure.</summary>
    private static string Reason(Exception exception) =>
        exception is OptionsException or HubException or IOException or InvalidDataException or CheckpointException or ArgumentException or RequestRejectedException
            ? exception.Message
            : $"{exception.GetType().Name}: {exception.Message.Split('\n')[0]}";
}
