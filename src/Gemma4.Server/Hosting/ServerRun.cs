using System.Net.Sockets;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Hosting;

/// <summary>Serving, from the command line to the exit code.</summary>
internal static class ServerRun
{
    /// <summary>It served and was told to stop.</summary>
    public const int Stopped = 0;

    /// <summary>The model cannot be served.</summary>
    public const int ModelFailed = 1;

    /// <summary>A setting is wrong, or the address is not to be had.</summary>
    public const int Misconfigured = 2;

    /// <summary>The engine failed while it served, or hung: a new process may serve.</summary>
    public const int EngineFailed = 3;

    /// <summary>Serves until a signal or a model that cannot be served ends it.</summary>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using var signals = new StopSignals();
        WebApplication app;
        try
        {
            app = ServerApp.Build(args);
        }
        catch (OptionsException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return Misconfigured;
        }
        ModelHost host = app.Services.GetRequiredService<ModelHost>();
        int exitCode;
        await using (app)
        {
            exitCode = await StartAsync(app);
            if (exitCode == Stopped)
                await app.WaitForShutdownAsync();
        }
        exitCode = ExitCode(exitCode, host);
        if (host.IsAbandoned)
            StopSignals.EndProcess(exitCode);
        return exitCode;
    }

    /// <summary>The exit code of a server that has ended.</summary>
    /// <param name="ofStart">What its start gave.</param>
    /// <param name="host">What became of its model.</param>
    internal static int ExitCode(int ofStart, ModelHost host) => host.Failure is not null ? ModelFailed : host.HasEngineFailed ? EngineFailed : ofStart;

    private static async Task<int> StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
            return Stopped;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop before it had started.
            return Stopped;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
            await Console.Error.WriteLineAsync(
                $"Cannot listen on {options.Host}, port {options.Port}: {exception.GetBaseException().Message}. Choose another port with --port (0 for a free one) or another address with --host.");
            return Misconfigured;
        }
    }
}
