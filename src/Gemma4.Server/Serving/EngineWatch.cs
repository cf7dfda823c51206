using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Serving;

/// <summary>Stops the server when its engine will not serve again, so that whatever started the process starts it anew.</summary>
/// <remarks>That is when the engine has failed, and when a step that hangs has had its time once more: only a new process frees a thread that hangs.</remarks>
internal sealed class EngineWatch(
    ModelHost host, IOptions<EngineOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<EngineWatch> log) : IHostedService, IDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private long? _stalledSince;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        if (host.Loaded is not { Engine.Health: { } health } || host.HasEngineFailed)
            return;
        if (health.State != EngineState.Stalled)
            _stalledSince = null;
        else
            _stalledSince ??= time.GetTimestamp();
        if (health.State != EngineState.Failed && !(_stalledSince is { } since && time.GetElapsedTime(since) >= options.Value.StepTimeout))
            return;
        host.HasEngineFailed = true;
        log.EngineLost(health.Reason);
        lifetime.StopApplication();
    }
}
