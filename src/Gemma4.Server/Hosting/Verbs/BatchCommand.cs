using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gemma4.Server.BatchFiles;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>batch</c>: a file of requests to a file of answers, by a server for this alone.</summary>
internal static class BatchCommand
{
    /// <summary>Keeps the engine's steps full; its queue takes as many.</summary>
    private const int DefaultAtOnce = 64, MaxAtOnce = 512;

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var from = new Argument<string>("IN") { Description = "file of requests: lines of JSON with custom_id, method, url and body, as OpenAI's batches have it" };
        var to = new Argument<string>("OUT") { Description = "file of answers; one that is there is gone on from" };
        var atOnce = new Option<int>("--at-once") { Description = $"requests that are on their way at a time (default {DefaultAtOnce})", HelpName = "N", DefaultValueFactory = _ => DefaultAtOnce };
        var command = new Command("batch", "Answer a file of requests, without a server that listens to others. Takes the switches of serve too.") { from, to, atOnce };
        foreach (Option option in CommandLine.Options())
            command.Add(option);
        command.TreatUnmatchedTokensAsErrors = false; // keys of settings
        command.SetAction((result, cancellationToken) =>
        {
            int number = result.GetValue(atOnce);
            if (number is < 1 or > MaxAtOnce)
                throw new OptionsException($"--at-once: expected 1 to {MaxAtOnce}.");
            return RunAsync(result.GetValue(from)!, result.GetValue(to)!, number, Switches(result, atOnce), output, errors, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string from, string to, int atOnce, IReadOnlyList<string> switches, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using BatchInput input = await BatchInput.OpenAsync(from, cancellationToken);
        using BatchOutput answers = await BatchOutput.OpenAsync(to, cancellationToken);
        int before = input.Lines.Count(line => answers.Answered.Contains(line.CustomId));
        if (before == input.Lines.Count)
        {
            await output.WriteLineAsync($"{before} of {before} lines: all were answered before");
            return ExitCodes.Done;
        }
        // The first signal ends the run and keeps what is answered, the second the process.
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        string key = RandomNumberGenerator.GetHexString(32);
        await using var server = await CheckedServer.StartAsync(
            ["--Serilog:MinimumLevel:Default", "Error", .. switches, "--host", "127.0.0.1", "--port", "0", "--api-key", key],
            services => services.AddSingleton<IHostLifetime, UnheardSignals>(), stopped.Token);
        if (server.Failure is { } failure)
        {
            await errors.WriteLineAsync(failure);
            return ExitCodes.Failed;
        }
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var progress = new BatchProgress(input.Lines.Count, before, errors, isDrawn: !Console.IsErrorRedirected, TimeProvider.System);
        try
        {
            using (progress)
                await new BatchRun(client, input, answers, progress).RunAsync(atOnce, stopped.Token);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            await errors.WriteLineAsync($"{progress.Summary}. Type the same again to go on.");
            return ExitCodes.Failed;
        }
        await output.WriteLineAsync(progress.Summary);
        return ExitCodes.Done;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stopped.IsCancellationRequested;
            stopped.Cancel();
        }
    }

    /// <summary>The switches of serve among what was typed, as they were typed.</summary>
    private static List<string> Switches(ParseResult result, Option own)
    {
        var switches = new List<string>();
        foreach (OptionResult given in result.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit && option.Option != own))
        {
            if (given.Tokens.Count == 0)
                switches.Add(given.Option.Name);
            foreach (Token value in given.Tokens)
                switches.Add($"{given.Option.Name}={value.Value}");
        }
        switches.AddRange(result.UnmatchedTokens);
        return switches;
    }
}
