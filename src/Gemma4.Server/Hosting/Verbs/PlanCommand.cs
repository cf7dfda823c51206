using System.CommandLine;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Simulation;
using Gemma4.Server.Hub;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary><c>plan</c>: what a model takes of memory, by the arithmetic that loads it, and what clients would get, by the scheduler in simulated time.</summary>
internal static class PlanCommand
{
    private const int MaxContext = 1 << 24, MaxClients = 4096, DefaultAnswer = 256, RequestsPerClient = 2;

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var model = new Option<string>("--model")
        {
            Description = $"a folder, a GGUF file, a name of the hub, or a size: {string.Join(", ", ReleasedModels.Sizes)}",
            HelpName = "MODEL",
            DefaultValueFactory = _ => new ModelOptions().Path,
        };
        Option<string> quantization = VerbOptions.Quantization(), kvDtype = VerbOptions.KvDtype();
        Option<int?> threads = VerbOptions.Threads();
        var context = new Option<string>("--context") { Description = "tokens of each client, as in 4096 or 32k (default 4096)", HelpName = "TOKENS", DefaultValueFactory = _ => "4096" };
        var answer = new Option<string>("--answer") { Description = $"tokens of an answer; the rest of the context is prompt (default {DefaultAnswer})", HelpName = "TOKENS" };
        var clients = new Option<int>("--clients") { Description = "sequences at once (default 1)", HelpName = "N", DefaultValueFactory = _ => 1 };
        var memory = new Option<string>("--memory") { Description = "memory that there is, as in 80GB (default: this machine's)", HelpName = "BYTES" };
        var bandwidth = new Option<string>("--bandwidth") { Description = "what is read of memory in a second, as in 3.3TB/s (default: measured here)", HelpName = "BYTES/s" };
        var arithmetic = new Option<string>("--arithmetic") { Description = "multiplications with their additions in a second, as in 400T (default: measured here)", HelpName = "N" };
        var command = new Command("plan", "What a model takes of memory, part by part, and how fast it would answer, before it is loaded.")
        {
            model, quantization, kvDtype, context, answer, clients, memory, bandwidth, arithmetic, threads,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            int tokens = (int)Amount.Tokens(result.GetValue(context)!, "--context", MaxContext), sequences = result.GetValue(clients);
            if (sequences is < 1 or > MaxClients)
                throw new OptionsException($"--clients: expected 1 to {MaxClients}.");
            int answered = result.GetValue(answer) is { } given ? (int)Amount.Tokens(given, "--answer", tokens) : Math.Min(DefaultAnswer, tokens / 2);
            if (answered < 2 || answered >= tokens)
                throw new OptionsException($"--answer {answered}: expected at least 2 tokens, and fewer than --context, which is {tokens}: the rest is the prompt.");
            var engine = new EngineOptions
            {
                MaxContextLength = tokens,
                TypicalSequenceTokens = tokens,
                MaxSequences = sequences,
                MaxQueuedRequests = MaxClients,
                MaxTokensPerStep = Math.Max(new EngineOptions().MaxTokensPerStep, sequences),
                MemoryBudgetBytes = result.GetValue(memory) is { } bytes ? Amount.Bytes(bytes, "--memory") : null,
            };
            var compute = new ComputeOptions { Device = "cpu", Quantization = result.GetValue(quantization)!, KvDtype = result.GetValue(kvDtype)!, Threads = result.GetValue(threads) };
            var speed = new PlannedSpeed(
                result.GetValue(bandwidth) is { } read ? Amount.Bytes(Second(read), "--bandwidth") : null,
                result.GetValue(arithmetic) is { } computed ? Amount.Number(Second(computed), "--arithmetic") : null,
                result.GetValue(threads));
            try
            {
                ModelPlan plan = await FindAsync(result.GetValue(model)!, compute, errors, cancellationToken);
                if (tokens > plan.MaxPositions)
                    throw new OptionsException($"--context {tokens}: the model was made for {plan.MaxPositions} tokens.");
                bool fits = await PlannedMemory.ShowAsync(output, plan, engine);
                await PlannedLoad.ShowAsync(output, plan, engine, speed, new ClientLoad(sequences, tokens - answered, answered, RequestsPerClient));
                return fits ? ExitCodes.Done : ExitCodes.Failed;
            }
            catch (CheckpointException exception)
            {
                await errors.WriteLineAsync(exception.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    /// <summary>A size names a released model, unless something is there under that name.</summary>
    private static async Task<ModelPlan> FindAsync(string name, ComputeOptions compute, TextWriter errors, CancellationToken cancellationToken)
    {
        if (CheckpointFiles.TryFind(name) is null && ReleasedModels.TryFind(name) is { } released)
            return ModelPlan.Of(released, compute);
        (string path, string? towers) = await CheckpointFiles.FindAsync(new ModelOptions { Path = name }, DownloadDisplay.Of(errors), cancellationToken);
        return ModelPlan.Of(Checkpoint.Open(path, towers), compute);
    }

    /// <summary>A rate without the second that it is for.</summary>
    private static string Second(string rate) => rate.EndsWith("/s", StringComparison.OrdinalIgnoreCase) ? rate[..^2] : rate;
}
