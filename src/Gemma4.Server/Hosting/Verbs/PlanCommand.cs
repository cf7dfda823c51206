using System.CommandLine;
using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Server.Hub;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>plan</c>: the memory that a model takes, part by part, by the arithmetic that loads it.</summary>
internal static class PlanCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var model = new Option<string>("--model") { Description = "a folder, a GGUF file, or a name of the hub", HelpName = "MODEL", DefaultValueFactory = _ => new ModelOptions().Path };
        Option<string> quantization = VerbOptions.Quantization(), kvDtype = VerbOptions.KvDtype();
        var context = new Option<string>("--context") { Description = "tokens of each client, as in 4096 or 32k (default 4096)", HelpName = "TOKENS", DefaultValueFactory = _ => "4096" };
        var clients = new Option<int>("--clients") { Description = "sequences at once (default 1)", HelpName = "N", DefaultValueFactory = _ => 1 };
        var memory = new Option<string>("--memory") { Description = "memory that there is, as in 80GB (default: this machine's)", HelpName = "BYTES" };
        var command = new Command("plan", "What a model takes of memory, part by part, before it is loaded.") { model, quantization, kvDtype, context, clients, memory };
        command.SetAction(async (result, cancellationToken) =>
        {
            int tokens = (int)Amount(result.GetValue(context)!, "--context", binary: true, max: 1 << 24), sequences = result.GetValue(clients);
            if (sequences is < 1 or > 4096)
                throw new OptionsException("--clients: expected 1 to 4096.");
            var engine = new EngineOptions
            {
                MaxContextLength = tokens,
                TypicalSequenceTokens = tokens,
                MaxSequences = sequences,
                MaxTokensPerStep = Math.Max(new EngineOptions().MaxTokensPerStep, sequences),
                MemoryBudgetBytes = result.GetValue(memory) is { } bytes ? Amount(bytes, "--memory", binary: false, max: long.MaxValue) : null,
            };
            var compute = new ComputeOptions { Device = "cpu", Quantization = result.GetValue(quantization)!, KvDtype = result.GetValue(kvDtype)! };
            (string path, string? towers) = await CheckpointFiles.FindAsync(new ModelOptions { Path = result.GetValue(model)! }, DownloadDisplay.Of(errors), cancellationToken);
            try
            {
                MemoryForecast forecast = EngineLoader.ForecastMemory(Checkpoint.Open(path, towers), compute, engine);
                return await ShowAsync(output, forecast, tokens, sequences);
            }
            catch (CheckpointException exception)
            {
                await errors.WriteLineAsync(exception.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static async Task<int> ShowAsync(TextWriter output, MemoryForecast forecast, int tokens, int sequences)
    {
        long total = forecast.WeightBytes + forecast.MappedBytes + forecast.UsefulKvCacheBytes + forecast.WorkBytes;
        foreach ((string part, long bytes, string note) in ((string, long, string)[])
        [
            ("weights", forecast.WeightBytes, "made in memory while loading"),
            ("", forecast.MappedBytes, "mapped from their files, shared by processes"),
            ("KV cache", forecast.UsefulKvCacheBytes, string.Create(CultureInfo.InvariantCulture, $"{sequences} × {tokens} tokens")),
            ("work", forecast.WorkBytes, "the largest step, media, the program"),
            ("together", total, $"of {HubText.Bytes(forecast.LimitBytes)}"),
            ("in files", forecast.FileBytes, "tables read row by row, not resident"),
        ])
        {
            await output.WriteLineAsync($"{part,-9} {HubText.Bytes(bytes),9}   {note}");
        }
        if (total <= forecast.LimitBytes)
            return ExitCodes.Done;
        await output.WriteLineAsync($"It does not fit: {HubText.Bytes(total - forecast.LimitBytes)} too much. Fewer bits (--quantization int4), fewer clients or a shorter context take less.");
        return ExitCodes.Failed;
    }

    /// <summary>A number with a unit: k, m of 1024 for tokens; kB, MB, GB, TB of 1000 for bytes.</summary>
    private static long Amount(string text, string option, bool binary, long max)
    {
        string rest = text.TrimStart([.. "0123456789."]), number = text[..(text.Length - rest.Length)], unit = rest.Trim().ToUpperInvariant();
        int power = (binary ? unit : unit.TrimEnd('B')) switch { "" => 0, "K" => 1, "M" => 2, "G" => 3, "T" => 4, _ => -1 };
        if (power < 0 || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            || value * Math.Pow(binary ? 1024 : 1000, power) is not (>= 1 and var amount) || amount > max)
        {
            throw new OptionsException($"{option} '{HubText.Line(text)}': expected a number with a unit, as in {(binary ? "4096 or 32k" : "24GB")}.");
        }
        return (long)amount;
    }
}
