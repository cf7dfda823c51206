using System.CommandLine;
using System.Security.Cryptography;
using Gemma4.Server.Settings;
using Gemma4.Server.Terminal;

namespace Gemma4.Server.Hosting;

/// <summary><c>chat</c>: a conversation in the terminal, with a model in this process or with a server.</summary>
internal static class ChatCommand
{
    public static Command Create(TextReader input, TextWriter output, TextWriter errors)
    {
        var url = new Option<string>("--url") { Description = "a server that runs, as in http://127.0.0.1:8000; without it the model is loaded in this process", HelpName = "URL" };
        var key = new Option<string>("--key") { Description = "the key that the server of --url wants", HelpName = "KEY" };
        var system = new Option<string>("--system") { Description = "what the model is told before the conversation", HelpName = "TEXT" };
        var command = new Command("chat", "Talk to a model in the terminal.") { url, key, system };
        command.TreatUnmatchedTokensAsErrors = false; // they are the server's
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(url) is not { } named)
                return await StartAsync(result.UnmatchedTokens, result.GetValue(system), input, output, errors, cancellationToken);
            if (result.UnmatchedTokens is [var first, ..])
                throw new OptionsException($"'{first}' goes to a server that is started here, and --url names one that runs: leave one of them away.");
            if (!Uri.TryCreate(named, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
                throw new OptionsException($"--url '{named}' is not the address of a server: write it as in http://127.0.0.1:8000.");
            return await TalkAsync(address, result.GetValue(key), result.GetValue(system), input, output, errors, cancellationToken);
        });
        return command;
    }

    /// <summary>A server for this conversation alone: on a free port, with a key that nobody else has.</summary>
    private static async Task<int> StartAsync(
        IReadOnlyList<string> switches, string? system, TextReader input, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        string key = RandomNumberGenerator.GetHexString(32);
        await using var server = await CheckedServer.StartAsync(
            ["--Serilog:MinimumLevel:Default", "Error", .. switches, "--host", "127.0.0.1", "--port", "0", "--api-key", key],
            services => services.AddSingleton<IHostLifetime, UnheardSignals>(),
            cancellationToken);
        if (server.Failure is { } failure)
        {
            await errors.WriteLineAsync(failure);
            return ExitCodes.Failed;
        }
        return await TalkAsync(server.Address, key, system, input, output, errors, cancellationToken);
    }

    private static async Task<int> TalkAsync(
        Uri address, string? key, string? system, TextReader input, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using var client = new ChatClient(address, key);
        using var interrupts = new Interrupts();
        var loop = new ChatLoop(client, interrupts, input, output, isInteractive: !Console.IsInputRedirected, hasColors: !Console.IsOutputRedirected) { System = system };
        try
        {
            await loop.RunAsync(cancellationToken);
            return ExitCodes.Done;
        }
        catch (ChatException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
    }
}
