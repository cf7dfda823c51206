namespace Gemma4.Server.Hosting;

/// <summary>The lifetime of a server that leaves signals to the verb that has started it.</summary>
internal sealed class UnheardSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
