using Gemma4.Engine.Layers;
using Gemma4.Server.Hosting;

NativeThreads.Configure();
if (await Verbs.TryRunAsync(args, Console.Out) is int exitCode)
    return exitCode;
try
{
    await using WebApplication app = ServerApp.Build(args);
    await app.RunAsync();
    return Environment.ExitCode;
}
catch (OptionsException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    await Console.Error.WriteLineAsync($"{exception.Message} Choose another with --port, or 0 for a free one.");
    return 2;
}
