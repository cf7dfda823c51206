using System.CommandLine;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Hosting;

/// <summary><c>copy-data</c>: what a server keeps, to another place.</summary>
internal static class CopyDataCommand
{
    public static Command Create(TextWriter output)
    {
        var from = new Argument<string>("FROM") { Description = "folder or connection string of what is kept" };
        var to = new Argument<string>("TO") { Description = "folder or connection string of an empty place" };
        var command = new Command("copy-data", "Copy what a server keeps to another place, as from SQLite to PostgreSQL. No server may run on either.") { from, to };
        command.SetAction(async (result, cancellationToken) =>
        {
            using ServiceProvider services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<StorageHealth>().BuildServiceProvider();
            await using Database source = Open(services, result.GetValue(from)!), target = Open(services, result.GetValue(to)!);
            try
            {
                await source.OpenAsync(cancellationToken);
                await target.OpenAsync(cancellationToken);
                await output.WriteLineAsync($"{await DatabaseCopy.RunAsync(source, target, cancellationToken)} rows copied from {source.Name} to {target.Name}");
                return ExitCodes.Done;
            }
            catch (StorageException exception)
            {
                throw new OptionsException($"{source.Name} or {target.Name} cannot be used: {exception.InnerException?.Message ?? exception.Message}");
            }
        });
        return command;
    }

    private static Database Open(IServiceProvider services, string data)
    {
        if (data == StorageOptions.Memory || data.Length == 0)
            throw new OptionsException("Name a folder or a connection string: memory keeps nothing to copy.");
        if (DatabaseChoice.HasPassword(data))
            throw new OptionsException("A password on the command line can be read by every user of this machine. Put it into PGPASSWORD or PGPASSFILE.");
        return DatabaseChoice.Of(new StorageOptions { Data = data }, services.GetRequiredService<StorageHealth>(), services.GetRequiredService<ILogger<Database>>());
    }
}
