using System.Net.Sockets;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Hosting;

/// <summary>Serving, from the command line to the exit code.</summary>
internal static class ServerRun
{
    /// <summary>Serves until a signal or a model that cannot be served ends it.</summary>
    /// <returns>The exit code of the process.</returns>
    /// <exception cref="OptionsException">A setting is wrong.</exception>
    public static async Task<int> RunAsync(string[] args)
    {
        using var signals = new StopSignals();
        WebApplication app = ServerApp.Build(args);
        ModelHost host = app.Services.GetRequiredService<ModelHost>();
        int exitCode;
        await using (app)
        {
            exitCode = await StartAsync(app);
            if (exitCode == ExitCodes.Done)
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
    internal static int ExitCode(int ofStart, ModelHost host) => host.Failure is not null ? ExitCodes.Failed : host.HasEngineFailed ? ExitCodes.EngineFailed : ofStart;

    private static async Task<int> StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop before it had started.
            return ExitCodes.Done;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
            await Console.Error.WriteLineAsync(
                $"Cannot listen on {options.Host}, port {options.Port}: {exception.GetBaseException().Message}. Choose another port with --port (0 for a free one) or another address with --host.");
            return ExitCodes.WrongCall;
        }
    }
}
